"""What is said of a rollout from a record of it, and what a daemon says that asks a Prometheus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.adapters.simulation.clock import ManualClock
from daemon.core.assessment import Assessment, Attribution, SignalEvidence, Verdict
from daemon.core.attribution.cause import Scene
from daemon.core.case.case import Case, Phase, Spec
from daemon.core.case.events import Observed
from daemon.core.case.lifecycle import advance
from daemon.core.case.rollback_target import Choice
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.recording import Recording
from daemon.core.judge.verdict import assess
from daemon.core.model import Change, Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.evidence_store import EvidenceStore
from daemon.ports import Clock
from daemon.settings import PrometheusSettings
from tests.e2e.own_prometheus import AtMoment
from tests.e2e.rollout_forms import entries
from tests.e2e.rollouts import BORN, SIGNALS, Outcome, Rollout, pods, revision_of


@dataclass(frozen=True)
class Look:
    """What was said at one time."""

    verdict: Verdict
    decision: Decision
    cause: Attribution
    evidence: SignalEvidence

    @property
    def said(self) -> Outcome:
        return Outcome(self.verdict, self.decision, self.cause)

    @property
    def rolled_back(self) -> bool:
        return self.decision is Decision.ROLLBACK


# ------------------------------------------------------------ the pure path


def record(rollout: Rollout, start: float) -> dict[float, Look]:
    """What is said after each time at which pods were scraped, up to the rollback or the end."""
    recording, looks = Recording(rollout.signal.policy), dict[float, Look]()
    said, before = None, -math.inf
    for entry in entries(rollout, start):
        changes = recording.take(entry)
        # What an entry brings is judged when a later one comes.
        said = changes[-1] if changes else said
        if said is not None and entry.at > before >= start:
            looks[before] = _look(said, recording)
        if recording.decided:
            return looks
        before = entry.at
    last = recording.close()
    assert last is not None
    return looks | {before: _look(last, recording)}


def _look(said: Judgement, recording: Recording) -> Look:
    return Look(said.verdict, said.decision, said.attribution, recording.evidence()[0])


# ------------------------------------------------------------ the daemon's path


def time_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _revision(number: int, created_at: float) -> Revision:
    mark = revision_of(number == 2)
    return Revision(
        hash=mark,
        replica_set=f"gl-006-{mark}",
        replica_set_uid=f"uid-{mark}",
        number=number,
        images=(f"gl-006:v1.{number}",),
        created_at=time_of(created_at),
    )


class Daemon:
    """The engine's evidence room and the core's state machine around one case; the cluster is made up."""

    def __init__(
        self, rollout: Rollout, start: float, metrics: PrometheusMetrics, clock: Clock, policy: Policy
    ) -> None:
        self._rollout, self._start, self._policy = rollout, start, policy
        self._room = EvidenceStore(metrics, clock)
        self._old, self._new = _revision(1, start - 86_400), _revision(2, start)
        self.case = Case(
            namespace=rollout.name,
            name="gl-006-r2",
            spec=Spec(
                workload="gl-006",
                workload_uid="uid",
                revision=self._new,
                change=Change.IMAGE,
                opened_at=time_of(start + 1),
                started_at=time_of(start),
                baseline=self._old,
            ),
        )

    def look(self, moment: float) -> Look:
        """Poll, judge and decide."""
        workload = self._workload(moment)
        self._room.attend(self.case, self._policy)
        self._room.poll(lambda _: workload)
        assessment = assess(Scene(at=moment), (), self._room.views(self.case, workload), self._policy)
        choice = Choice(revision=self._old, reason="it is the only other one")
        seen = Observed(workload=workload, assessment=assessment, choice=choice)
        for _ in range(3):  # A case goes from phase to phase as long as the world allows.
            self.case = advance(self.case, seen, self._policy, time_of(moment))
        return Look(
            assessment.verdict, self._decision(assessment), assessment.attribution, assessment.signals[0]
        )

    def _decision(self, assessment: Assessment) -> Decision:
        match self.case.phase:
            case Phase.ROLLING_BACK:
                return Decision.ROLLBACK
            case Phase.HELD:
                return Decision.HOLD
            case _:
                # While it watches on, what cannot be told holds back the claim of health.
                unknown = assessment.verdict is Verdict.UNKNOWN
                return Decision.HOLD if unknown else Decision.PASS

    def _workload(self, moment: float) -> Workload:
        there = [
            Pod(
                name=pod.name,
                uid=pod.name,
                replica_set=f"gl-006-{pod.revision}",
                replica_set_uid=(self._new if pod.is_new else self._old).replica_set_uid,
                created_at=time_of(self._start + BORN if pod.is_new else 0.0),
            )
            for pod in pods(self._rollout)
            if self._start + pod.first <= moment <= self._start + pod.last
        ]
        return Workload(
            ref=WorkloadRef(namespace=self._rollout.name, name="gl-006"),
            uid="uid",
            resource_version="1",
            created_at=time_of(0.0),
            labels={},
            current=self._new,
            revisions=(self._old, self._new),
            pods=tuple(there),
            status=RolloutStatus(
                generation=2, observed_generation=2, desired=2, replicas=2, updated=2, available=2
            ),
        )


def adapter(url: str, clock: Clock) -> PrometheusMetrics:
    settings = PrometheusSettings.model_validate({"url": url, "timeout": 10})
    return PrometheusMetrics(settings, [signal.settings for signal in SIGNALS], clock)


class Replayed:
    """A daemon for which it is whatever time it is told.

    Its clock and the cluster's are ``ahead`` of the metrics server's by so many seconds.
    """

    def __init__(self, rollout: Rollout, start: float, front: AtMoment, ahead: float = 0.0) -> None:
        self._front, self._ahead = front, ahead
        self._clock = ManualClock(time_of(start + ahead))
        self._metrics = adapter(front.url, self._clock)
        policy = rollout.signal.policy
        self._daemon = Daemon(rollout, start + ahead, self._metrics, self._clock, policy)

    def look(self, moment: float) -> Look:
        now = moment + self._ahead
        self._clock.advance((time_of(now) - self._clock.now()).total_seconds())
        self._front.moment = moment
        return self._daemon.look(now)

    def close(self) -> None:
        self._metrics.close()
