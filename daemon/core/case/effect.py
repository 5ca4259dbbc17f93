"""What a case intends to do: an effect of its ledger, written before it is carried out and after."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from daemon.core.migration import DatabaseAct
from daemon.core.policy import GateChoice
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.rollout_facts.owners import Owner
from daemon.core.value import Instant, Value


class EffectOutcome(StrEnum):
    DONE = "done"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


class Effect(Value, frozen=True, omit_defaults=True):
    """An act on the world. ``id`` is unique within the case; what it does follows from ``kind``.

    All kinds but ``publish`` are steps of the plan that returns the workload to its target
    (:mod:`daemon.core.case.plan`): they are carried out in the order in which they stand here.
    """

    id: str
    kind: Literal[
        "gates",
        "feature-flag",
        "rollback",
        "publish",
        "restore-configuration",
        "restart",
        "check-database",
        "back-up-database",
        "downgrade-database",
        "suspend-owner",
        "await-owner",
        "set-back-in-git",
        "resume-owner",
    ]
    intended_at: Instant
    sink: str = ""
    channel: str = ""
    """Where in the sink; its first channel where empty."""
    stage: Literal["", "opened", "updated", "closed"] = ""
    finished_at: Instant | None = None
    outcome: EffectOutcome | None = None
    detail: str = ""
    """How it ended; while it is intended, what forbids it."""
    drift: Drift | None = None
    """What a ``restore-configuration`` puts back, and over what."""
    database: DatabaseAct | None = None
    """What a step does to the database."""
    begun_at: Instant | None = None
    """Written before it is begun, where it must not be begun twice and leaves no trace to be found by."""
    gates: GateChoice | None = None
    """What ``gates`` make of what cannot be asked."""
    by_hand: str = ""
    """What a person would type for it, where that follows from the settings."""
    owner: Owner | None = None
    """Whom a step suspends, waits for or resumes, or whose source is set back in Git."""
    overlay: str = ""
    """What a ``set-back-in-git`` sets back."""
    review: str = ""
    """Where people have yet to decide on it."""

    @property
    def is_step(self) -> bool:
        return self.kind != "publish"

    @property
    def place(self) -> tuple[str, str]:
        """Whom a ``publish`` notifies: a sink and a channel of it."""
        return self.sink, self.channel

    @property
    def plan(self) -> str:
        """The number of the plan that the step belongs to, as its id has it; empty where it has none."""
        return self.id.partition("/")[2].partition("/")[0]
