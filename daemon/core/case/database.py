"""Whether a release migrated its database, and what a rollback makes of that.

The versions are compared for equality alone: which is the newer one only the tool that migrates knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from daemon.core.case import rollback_target
from daemon.core.case.case import Case, Phase
from daemon.core.migration import (
    DatabaseAct,
    DowngradeChoice,
    MigrationPolicy,
    MigrationRecord,
    VersionReading,
)
from daemon.core.model import Revision
from daemon.core.policy import Policy
from daemon.core.value import Value

TOUCHING = frozenset({"back-up-database", "downgrade-database"})
"""Kinds of steps that do something to the database."""
ALONE = "approve to return to the template alone, and the database stays as it is"


class MigrationState(StrEnum):
    """What is known of the database beside what the target was found healthy with."""

    UNASKED = "unasked"
    UNKNOWN = "unknown"
    SAME = "same"
    MIGRATED = "migrated"


class Database(Value, frozen=True):
    """What the database's part in a plan follows from."""

    policy: MigrationPolicy
    record: MigrationRecord
    target: Revision
    approved: bool = False
    """Whether the plan is a person's wish, who decides on what the case says."""
    tried: bool = False
    """Whether a plan of this case has done something to the database already: no second one does."""

    @property
    def state(self) -> MigrationState:
        recorded, now = self.record.recorded, self.record.decided
        if now is None:
            return MigrationState.UNASKED
        if recorded is None or not recorded.known or not now.known:
            return MigrationState.UNKNOWN
        return MigrationState.SAME if recorded.version == now.version else MigrationState.MIGRATED

    @property
    def checks(self) -> bool:
        """Whether the plan reads the version before anything is done: what was decided may be long ago, and
        whoever approved has not heard of a migration."""
        return self.approved and self.state in (MigrationState.UNASKED, MigrationState.SAME)

    @property
    def downgrades(self) -> bool:
        """Whether the plan takes the database back."""
        return (
            self.state is MigrationState.MIGRATED
            and self.policy.downgrades is DowngradeChoice.ALLOWED
            and not self.tried
            and self.policy.backup is not None
            and self.policy.downgrade is not None
        )

    @property
    def versions(self) -> str:
        """``a1b2 → c3d4``."""
        recorded, now = self.record.recorded, self.record.decided
        return f"{recorded.version if recorded else '?'} → {now.version if now else '?'}"

    @property
    def found(self) -> str:
        """What is known of a migration, as a clause; empty where there was none."""
        match self.state:
            case MigrationState.SAME:
                return ""
            case MigrationState.MIGRATED:
                begun, recorded = self.record.begun, self.record.recorded
                if begun is not None and recorded is not None and begun.version == recorded.version:
                    return f"the release migrated the database ({self.versions})"
                return f"the database was migrated since {self.target} was found healthy ({self.versions})"
            case MigrationState.UNASKED:
                return "whether the release migrated the database was not looked at yet"
            case MigrationState.UNKNOWN:
                return f"whether the release migrated the database is not known: {self._unknown}"
        assert_never(self.state)

    @property
    def _unknown(self) -> str:
        recorded, now = self.record.recorded, self.record.decided
        parts = []
        if recorded is None or not recorded.known:
            why = f" ({recorded.problem})" if recorded is not None and recorded.problem else ""
            parts.append(f"its version was not read while {self.target} was healthy{why}")
        if now is not None and not now.known:
            parts.append(f"its version cannot be read now: {now.problem}")
        return "; ".join(parts)

    @property
    def offer(self) -> str:
        """What an approval would do."""
        if self.state in (MigrationState.UNASKED, MigrationState.SAME):
            return f"approve to return to {self.target}, unless its version is another one then"
        after = Database(policy=self.policy, record=self.record, target=self.target, tried=self.tried)
        if after.downgrades and self.record.recorded is not None:
            back = self.record.recorded.version
            return f"approve to back the database up, downgrade it to {back} and return to {self.target}"
        return ALONE

    def act(self, *, downgrade: bool = False, backup: bool = False) -> DatabaseAct:
        """What a step is to do."""
        recorded, now = self.record.recorded, self.record.decided
        back = recorded.version if recorded is not None else ""
        command = self.policy.backup if backup else self.policy.downgrade if downgrade else None
        return DatabaseAct(
            version=self.policy.version,
            pattern=self.policy.pattern,
            recorded=back,
            found=now.version if now is not None else "",
            command=command.to(back) if command is not None else None,
        )


def of(case: Case, target: Revision, policy: Policy, *, approved: bool) -> Database | None:
    """What is known of the case's database; ``None`` where policy does not ask for it, or where it is no
    release that would be undone."""
    if policy.migration is None or case.spec.in_place:
        return None
    return Database(
        policy=policy.migration,
        record=case.status.migration,
        target=target,
        approved=approved,
        tried=any(effect.kind in TOUCHING and effect.begun_at is not None for effect in case.status.effects),
    )


def healthy_version(target: Revision | None, cases: Iterable[Case]) -> VersionReading | None:
    """The version that a revision was last found healthy with, where that was read."""
    if target is None:
        return None
    healthy = [
        case
        for case in cases
        if case.phase is Phase.HEALTHY and case.genuine and case.spec.revision.hash == target.hash
    ]
    newest = max(healthy, key=rollback_target.age, default=None)
    return newest.status.migration.healthy if newest is not None else None


def objection(database: Database | None) -> str:
    """Why the daemon does not carry a plan out by itself, or nothing."""
    if database is None or database.state is MigrationState.SAME or database.downgrades:
        return ""
    why = f"held, {database.found}"
    if database.state is MigrationState.MIGRATED:
        tried = "the daemon has tried once to take it back" if database.tried else ""
        why += f", and {tried or 'policy forbids to downgrade it'}"
    return f"{why}: {database.offer}"


def stays(database: Database | None) -> str:
    """What a plan leaves as it is, for the words of its beginning; empty where there is nothing to say."""
    if database is None or database.downgrades or database.checks:
        return ""
    if database.state is MigrationState.MIGRATED:
        now, recorded = database.record.decided, database.record.recorded
        assert now is not None
        assert recorded is not None
        return f"the database stays at {now.version}, and {database.target} ran with {recorded.version}"
    found = database.found
    return f"{found}, and it is left as it is" if found else ""


def outlook(database: Database | None) -> str:
    """What whoever is asked for approval must know; empty where there is nothing to say."""
    if database is None or database.state is MigrationState.SAME:
        return ""
    return f"{database.found}: {database.offer}"
