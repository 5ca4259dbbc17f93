"""What happens to a case."""

from __future__ import annotations

from typing import Literal

from daemon.core.assessment import Assessment, Verification
from daemon.core.case.case import Instruction
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.guard import FreezeWindow
from daemon.core.case.prior_state import PriorState
from daemon.core.case.rollback_target import Choice
from daemon.core.migration import VersionReading
from daemon.core.model import Alert, Revision, Workload
from daemon.core.rollout_facts.configuration_content import Content, Drift
from daemon.core.rollout_facts.diagnosis import NOTHING, Told
from daemon.core.rollout_facts.log_lines import LogReport
from daemon.core.rollout_facts.owners import Ownership
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.rollout_facts.reconciling import OwnerStatus
from daemon.core.runs import SmokeRun
from daemon.core.value import Instant, Value

VersionMoment = Literal["begun", "healthy"]


class Edited(Value, frozen=True):
    """Somebody wrote a ConfigMap that the case is about, or another one that its pods read."""

    text: str
    contents: tuple[Content, ...]
    """What the case is to remember of the ConfigMaps, so that what is new is known later."""


class Observed(Value, frozen=True):
    """The world as the engine sees it now. ``workload`` is ``None`` when the Deployment is gone.

    ``elapsed`` is the attention that the case does not hold yet: seconds by the monotonic clock, in which the
    engine was there. ``polled_ago`` is how long ago (seconds) the signals were last asked for, whether they
    could be read or not; ``None`` while this process did not ask for them.
    """

    workload: Workload | None
    assessment: Assessment
    choice: Choice
    pods: tuple[PodHistory, ...] = ()
    """As the case is to remember them after this look."""
    verification: Verification | None = None
    logs: LogReport | None = None
    """Of the target's pods, while a recovery is being proven."""
    told: Told = NOTHING
    """Why a rollout that is stuck is so, beside what the workload's own objects tell."""
    smoke_tests: tuple[SmokeRun, ...] | None = None
    """As the case is to remember them; ``None`` while a recovery is not being proven."""
    edited: Edited | None = None
    """How the configuration was changed once more, where the case is about a change of it."""
    drift: tuple[Drift, ...] = ()
    """How the target's configuration differs; looked at only when the rollback is decided."""
    recorded: VersionReading | None = None
    """The database's version that the chosen revision was found healthy with."""
    version: VersionReading | None = None
    """The database's version now; asked for when a rollback is about to be decided, ``None`` until it is
    known whether it can be read."""
    next_choice: Choice | None = None
    """Where the target's image cannot be had: the revision to return to instead, with ``drift`` being its."""
    no_image: str = ""
    """Why the target's image cannot be had, while its rollout is under way."""
    ownership: Ownership | None = None
    """Who else writes the Deployment; looked at only when the rollback is decided."""
    put_back: str = ""
    """Who put the judged template back over an earlier rollback of the daemon's, and after which case."""
    restarted: Revision | None = None
    """The current revision, where it is the case's own restart of its target."""
    rollbacks: tuple[Instant, ...] = ()
    """When the workload was rolled back within the last 24 hours."""
    freeze: FreezeWindow | None = None
    """The freeze that is on."""
    elapsed: float = 0.0
    polled_ago: float | None = None


class Finished(Value, frozen=True):
    """An effect came to its end.

    Of a rollback with the Deployment's generation after it, 0 if not known; of a step of the database with
    the version as it was read last.
    """

    effect: str
    outcome: EffectOutcome
    detail: str
    generation: int = 0
    version: VersionReading | None = None
    before: PriorState | None = None
    """What the checks before a plan found."""
    review: str | None = None
    """Where people have yet to decide on what was done, empty where they have; ``None``: as it was."""


class Begun(Value, frozen=True):
    """A step that must not be begun twice is begun as soon as this is stored."""

    effect: str


class Hindered(Value, frozen=True):
    """An effect is not allowed for now, in the words of whoever forbids it; it is tried again."""

    effect: str
    detail: str


class Reviewed(Value, frozen=True):
    """A step waits until people have decided on it at ``url``."""

    effect: str
    url: str


class Settling(Value, frozen=True):
    """What the owner that a step waits for says of itself; ``None`` where it is gone."""

    effect: str
    status: OwnerStatus | None


class Alerted(Value, frozen=True):
    """What one delivery says of the workload."""

    alerts: tuple[Alert, ...]


class Instructed(Value, frozen=True):
    """What a person decided. ``choice`` is the revision that the instruction names, or why that cannot be
    returned to; ``workload`` as it is by then, ``None`` where that is not known."""

    instruction: Instruction
    choice: Choice | None = None
    recorded: VersionReading | None = None
    """The database's version that the named revision was found healthy with."""
    workload: Workload | None = None
    vouched: bool = True
    """Whether the API server holds the instruction's name to whoever wrote it."""


class Troubled(Value, frozen=True):
    """The workload of a finished case is in trouble (``text``), or not any more (empty)."""

    text: str


class VersionRead(Value, frozen=True):
    """The database's version at a moment of the revision's life."""

    moment: VersionMoment
    reading: VersionReading


Event = (
    Observed
    | Finished
    | Begun
    | Reviewed
    | Settling
    | Hindered
    | Alerted
    | Instructed
    | Troubled
    | VersionRead
)
