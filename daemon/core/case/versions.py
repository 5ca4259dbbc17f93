"""What a case remembers of its database's version, and what it says of it."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from daemon.core.case import database
from daemon.core.case.case import Case
from daemon.core.case.edits import change, noted
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished, Observed, VersionRead
from daemon.core.migration import VersionReading
from daemon.core.model import Revision
from daemon.core.policy import Policy


def noted_version(case: Case, event: VersionRead, now: datetime) -> Case:
    """The case with the version at its beginning or when it had been found healthy. Why one cannot be read is
    said once for each text."""
    record, reading = case.status.migration, event.reading
    before = record.begun if event.moment == "begun" else record.healthy
    if before is not None and (before.known or before.problem == reading.problem):
        return case
    record = replace(record, **{event.moment: reading})
    if reading.known:
        text = f"the database is at {reading.version}"
    else:
        text = f"the version of the database cannot be read: {reading.problem}"
    return noted(change(case, migration=record), text, now)


def aimed(case: Case, seen: Observed) -> Case:
    """The case with what its target was found healthy with, and with the version now where that was read."""
    record = replace(case.status.migration, recorded=seen.recorded, decided=seen.version)
    return change(case, migration=record)


def aimed_at_another(case: Case, recorded: VersionReading | None) -> Case:
    """The case with what another target than the decided one was found healthy with: nothing is known of the
    database beside that yet."""
    record = replace(case.status.migration, recorded=recorded, decided=None)
    return change(case, migration=record)


def version_awaited(case: Case, policy: Policy, seen: Observed) -> bool:
    """Whether the version is being read that the decision rests on; a change in place rests on none."""
    return policy.migration is not None and not case.spec.in_place and seen.version is None


def decided(case: Case, now: VersionReading | None) -> Case:
    """The case with the version as a step has read it last."""
    if now is None:
        return case
    return change(case, migration=replace(case.status.migration, decided=now))


def version_warning(case: Case, target: Revision, policy: Policy) -> str:
    """What whoever is asked must know of the database, to be put behind a sentence."""
    text = database.outlook(database.of(case, target, policy, approved=True))
    return f"; {text}" if text else ""


def refused(case: Case, effect: Effect, event: Finished, policy: Policy) -> str:
    """Why the case is held after a step of the database that did not end well, and what an approval does."""
    target = case.status.target
    found = database.of(case, target, policy, approved=True) if target is not None else None
    why = event.detail
    if found is not None and event.version is not None and effect.kind not in database.TOUCHING:
        why = found.found or why
    return f"held, {why}; {found.offer if found is not None else database.ALONE}"
