"""The case: everything known and decided of one rollout, or of one change of configuration in place.

It is the daemon's only memory.

A case is stored as the custom resource ``RolloutCase``. Its effects are a ledger: an effect is written as
intended before it is carried out and as finished after, so whoever reads the case can go on from it.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from daemon.core.assessment import Assessment, Verdict, Verification
from daemon.core.case.effect import Effect
from daemon.core.case.guards.guard import ANNOUNCEMENT, Refusal
from daemon.core.case.prior_state import PriorState
from daemon.core.migration import MigrationRecord
from daemon.core.model import Alert, Change, Revision, WorkloadRef
from daemon.core.policy import Mode
from daemon.core.rollout_facts.configuration import Sighting
from daemon.core.rollout_facts.configuration_change import ConfigurationChange
from daemon.core.rollout_facts.configuration_content import Content, Drift
from daemon.core.rollout_facts.image_digests import ImageDigest
from daemon.core.rollout_facts.log_lines import KindsBefore, LogReport
from daemon.core.rollout_facts.owners import Ownership
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.rollout_facts.template_diff import TemplateDiff
from daemon.core.runs import SmokeRun
from daemon.core.signals.startup import Start
from daemon.core.value import Instant, Value


class Phase(StrEnum):
    PROGRESSING = "Progressing"
    WATCHING = "Watching"
    FAILING = "Failing"
    AWAITING_APPROVAL = "AwaitingApproval"
    HELD = "Held"
    ROLLING_BACK = "RollingBack"
    VERIFYING = "Verifying"
    HEALTHY = "Healthy"
    ROLLED_BACK = "RolledBack"
    UNRECOVERED = "Unrecovered"
    SUPERSEDED = "Superseded"
    ADVISED = "Advised"


FINISHED = frozenset({Phase.HEALTHY, Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.SUPERSEDED, Phase.ADVISED})
"""Phases that only a person leaves, by approving what was ``Advised``; ``Held`` ends with its watch."""


APPROVABLE = frozenset({Phase.AWAITING_APPROVAL, Phase.HELD, Phase.ADVISED})
"""Phases in which a person's approval begins the rollback."""
STOPPABLE = frozenset({Phase.PROGRESSING, Phase.WATCHING, Phase.FAILING, Phase.AWAITING_APPROVAL, Phase.HELD})
"""Phases in which a person's hold comes in time."""


TIMED = frozenset({Phase.WATCHING, Phase.HELD, Phase.ROLLING_BACK, Phase.VERIFYING})
"""Phases that have a deadline."""


class Entry(Value, frozen=True, omit_defaults=True):
    """A line of the timeline. The lines of alerts are a few among many, and give way to the others."""

    at: Instant
    phase: Phase
    text: str
    alert: bool = False


class Trouble(Value, frozen=True):
    """What befell the workload after its rollout was over."""

    since: Instant
    text: str


class Instruction(Value, frozen=True):
    """What a person decided of the case (``spec.instruction``, written by ``approve`` and ``hold``)."""

    action: Literal["approve", "hold"]
    by: str
    at: Instant
    reason: str = ""
    revision: int = 0
    """Of an approval: the revision to return to; 0 leaves the choice to the daemon."""
    unproven: bool = False
    """Whether a revision that is not proven good will do; only with a number."""


class Spec(Value, frozen=True):
    """What the case is about; never changes but for the instruction."""

    workload: str
    workload_uid: str
    revision: Revision
    change: Change
    opened_at: Instant
    started_at: Instant
    """When the rollout began: what was scraped before is the baseline."""
    baseline: Revision | None = None
    generation: int = 0
    """The Deployment's when the case was opened, 0 where it is not known: what shows less is older."""
    instruction: Instruction | None = None
    configuration: tuple[ConfigurationChange, ...] = ()
    """The ConfigMaps that were changed in place, where the case is about that and not about a rollout."""

    @property
    def in_place(self) -> bool:
        """Whether it is about configuration that was changed with no rollout."""
        return bool(self.configuration)


class Status(Value, frozen=True, omit_defaults=True):
    """What has come of it so far. Only the daemon writes it."""

    phase: Phase = Phase.PROGRESSING
    verdict: Verdict = Verdict.UNKNOWN
    reason: str = ""
    proven: bool = False
    mode: Mode = Mode.AUTOMATIC
    """The mode that the last decision was taken under."""
    attended: float = 0.0
    """Seconds that the daemon has spent on the case in this phase; what a deadline counts."""
    calm_from: float | None = None
    """Of ``attended``: since when a failure that is held was not seen any more."""
    watch_from: Instant | None = None
    """When the rollout was complete and the bake began, for people and for facts."""
    failing_at: Instant | None = None
    patched_at: Instant | None = None
    generation: int = 0
    """The Deployment's after the patch, 0 before it: what shows less is older than the patch."""
    rolled_out_at: Instant | None = None
    finished_at: Instant | None = None
    refusal: Refusal | None = None
    """Which guard the case was held by last, while it is."""
    announced_until: Instant | None = None
    """Until when people were given time to hold the rollback that was decided last."""
    target: Revision | None = None
    abandoned: Revision | None = None
    """The target that was returned to before the present one, and whose image could not be had."""
    assessment: Assessment | None = None
    verification: Verification | None = None
    starts: tuple[Start, ...] = ()
    """How its pods started, where the releases after it may start like that."""
    pods: tuple[PodHistory, ...] = ()
    """Of the live pods of the revision that matters now: the judged one, after the patch the target."""
    smoke_tests: tuple[SmokeRun, ...] = ()
    """Those of the last rollback, written down before they are begun."""
    configuration: tuple[Sighting, ...] = ()
    """The ConfigMaps and Secrets that the revision reads, as they were when its rollout was first seen."""
    logs_before: KindsBefore | None = None
    """The error lines of the revisions that ran when the rollout began."""
    logs: LogReport | None = None
    """Those of the target's pods after the rollback."""
    contents: tuple[Content, ...] = ()
    """What the ConfigMaps among them held then; in the end, what the revision was found healthy with."""
    drift: tuple[Drift, ...] = ()
    """Which ConfigMaps of the target hold something else, when the rollback was decided."""
    migration: MigrationRecord = MigrationRecord()
    """The database's version, at the moments that matter; empty where policy does not ask for it."""
    before: PriorState | None = None
    """How things stood just before the last plan began."""
    differences: TemplateDiff | None = None
    """What the rollout changed against the baseline: in the pod template, in what it reads, in its images."""
    digests: tuple[ImageDigest, ...] = ()
    """What the baseline's pods ran when the case was opened."""
    ownership: Ownership | None = None
    """Who else writes the Deployment, when the case was opened and again when the rollback was decided."""
    effects: tuple[Effect, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """Those that decide or may decide, and some of the others."""
    alerts_left_out: int = 0
    """Reports of alerts that decide nothing, fire, and found no room."""
    alerts_lost: tuple[str, ...] = ()
    """Names of decisive alerts of which an episode found no room, so that its end cannot be seen."""
    timeline: tuple[Entry, ...] = ()
    trouble: Trouble | None = None
    """What is wrong with the workload now that no rollout is about; never acted on."""
    last_instruction: Instruction | None = None
    """The instruction that was last acted upon."""
    term: str = ""
    """Whose leadership it was written in last, and which one; empty where there is no election."""


class Case(Value, frozen=True):
    namespace: str
    name: str
    spec: Spec
    status: Status = Status()
    uid: str = ""
    resource_version: str = ""

    @property
    def ref(self) -> WorkloadRef:
        return WorkloadRef(namespace=self.namespace, name=self.spec.workload)

    @property
    def key(self) -> str:
        """``namespace/name``, unique in the cluster."""
        return f"{self.namespace}/{self.name}"

    @property
    def opened_at(self) -> Instant:
        return self.spec.opened_at

    @property
    def phase(self) -> Phase:
        return self.status.phase

    @property
    def genuine(self) -> bool:
        """Whether it bears the name that the daemon gives to its subject's case: each subject has one."""
        return self.name == name_of(self.spec)

    @property
    def finished(self) -> bool:
        return self.status.phase in FINISHED

    @property
    def active(self) -> bool:
        """Whether evidence still has to be gathered for it."""
        return not self.finished and self.status.finished_at is None

    @property
    def announced(self) -> bool:
        """Whether its rollback is to come, and people were told of it so that they can hold it."""
        refusal = self.status.refusal
        return refusal is not None and refusal.guard == ANNOUNCEMENT and refusal.until is not None

    @property
    def unfinished(self) -> bool:
        """Whether there is anything left to do for it."""
        return self.active or bool(self.pending)

    @property
    def steps(self) -> tuple[Effect, ...]:
        """The steps of the last plan, in their order."""
        steps = [effect for effect in self.status.effects if effect.is_step]
        return tuple(effect for effect in steps if effect.plan == steps[-1].plan)

    @property
    def pending_step(self) -> Effect | None:
        """The step that is to be carried out now: those behind it wait for its end."""
        return next((effect for effect in self.pending if effect.is_step), None)

    @property
    def pending(self) -> tuple[Effect, ...]:
        """Effects that are intended and not finished, oldest first."""
        return tuple(effect for effect in self.status.effects if effect.finished_at is None)

    def token(self, effect: Effect) -> str:
        """What the effect's write leaves on the Deployment: where it is, the effect was carried out."""
        return f"{self.uid or self.name}/{effect.id}"

    @property
    def stoppable(self) -> bool:
        """Whether a person's hold comes in time: nothing was done yet, or people have yet to merge it."""
        step = self.pending_step
        return self.phase in STOPPABLE or (step is not None and bool(step.review))

    def is_about(self, uid: str, revision: Revision) -> bool:
        return self.spec.workload_uid == uid and self.spec.revision.same_rollout(revision)


def name_of(spec: Spec) -> str:
    """The name of the case of this spec."""
    name = case_name(spec.workload, spec.workload_uid, spec.revision)
    if not spec.in_place:
        return name
    writes = "/".join(f"{change.name}/{change.uid}/{change.version}" for change in spec.configuration)
    return f"{spec.workload[:200]}-r{spec.revision.number}-config-{_digest(f'{name}/{writes}')}"


def case_name(workload: str, uid: str, revision: Revision) -> str:
    """The name derived from the rollout's identity: creating a case twice is a harmless conflict."""
    identity = f"{uid}/{revision.replica_set_uid}/{revision.number}"
    return f"{workload[:200]}-r{revision.number}-{_digest(identity)}"


@lru_cache(maxsize=1024)
def _digest(identity: str) -> str:
    """Kept for some workloads' cases: one look asks for the names of its cases again and again."""
    return hashlib.sha256(identity.encode()).hexdigest()[:8]
