"""What is said of a rollout's story by the daemon that watches it."""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.assessment import Assessment
from daemon.core.attribution.cause import Scene
from daemon.core.case.case import Case, Spec
from daemon.core.case.events import Observed
from daemon.core.case.lifecycle import advance
from daemon.core.case.rollback_target import Choice
from daemon.core.judge.judgement import decision_of
from daemon.core.judge.verdict import assess
from daemon.core.model import Change, Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.signals.sample import Reading, Sample
from daemon.engine.evidence_store import EvidenceStore
from tests.engine.rollout_story import NEW, OLD, START, THIRD, Life, Said, Story, counted, newest

REF = WorkloadRef(namespace="shop", name="cart")


def time_of(moment: float) -> datetime:
    return datetime.fromtimestamp(START + moment, UTC)


class Server:
    """A metrics server that was there for the whole story."""

    def __init__(self, story: Story) -> None:
        self.story, self.moment = story, 0

    def read(self, signal: str) -> Reading:
        at = float(START + self.moment)
        if not self.story.readable(signal, self.moment):
            return Reading(signal=signal, taken_at=at, problem="the metrics server answers 503")
        samples = tuple(one.sample for one in newest(self.story, signal, self.moment))
        return Reading(signal=signal, taken_at=at, samples=samples)

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        known = (one.sample for each in counted(self.story, signal).values() for one in each)
        return tuple(one for one in known if start.timestamp() <= one.at <= end.timestamp())


class Live:
    """The engine's evidence and the core's state machine; the cluster is made up."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._clock = ManualClock(time_of(0))
        self._server = Server(story)
        self._store = EvidenceStore(self._server, self._clock)
        ages = {OLD: -86_400, THIRD: -43_200, NEW: -86_400 if story.reused else 0}
        self._revisions = {
            name: _revision(number, name, age) for number, (name, age) in enumerate(ages.items(), 1)
        }
        self.case = Case(
            namespace=REF.namespace,
            name="cart-r3",
            spec=Spec(
                workload=REF.name,
                workload_uid="uid",
                revision=self._revisions[NEW],
                change=Change.IMAGE,
                opened_at=time_of(0),
                started_at=time_of(0),
                baseline=self._revisions[OLD] if story.has_baseline else None,
            ),
        )

    def look(self, moment: int) -> Said:
        """Poll, judge and decide."""
        elapsed = moment - self._server.moment
        self._clock.advance(elapsed)
        self._server.moment = moment
        policy, workload = self._story.policy, self._workload(moment)
        self._store.attend(self.case, policy)
        self._store.poll(lambda _: workload)
        found = assess(Scene(), (), self._store.views(self.case, workload), policy)
        self._decide(found, workload, moment, elapsed)
        return Said(found.verdict, decision_of(found), found.attribution)

    def _decide(self, found: Assessment, workload: Workload, moment: int, elapsed: float) -> None:
        for _ in range(3):  # A case goes from phase to phase as long as the world allows.
            seen = Observed(
                workload=workload,
                assessment=found,
                choice=Choice(revision=self._revisions[OLD], reason="it served before"),
                pods=tuple(PodHistory(uid=pod.name, when_ready={}) for pod in self._story.pods),
                elapsed=elapsed,
                polled_ago=self._store.polled_ago(self.case),
            )
            self.case = advance(self.case, seen, self._story.policy, time_of(moment))
            elapsed = 0.0

    def _workload(self, moment: int) -> Workload:
        shown = [pod for pod in self._story.pods if pod.shown(moment)]
        others = sum(pod.revision != NEW and pod.last > moment for pod in shown)
        if moment < self._story.complete_at:
            others = max(others, 1)
        return Workload(
            ref=REF,
            uid="uid",
            resource_version="1",
            created_at=time_of(-100_000),
            labels={},
            current=self._revisions[NEW],
            revisions=tuple(self._revisions.values()),
            pods=tuple(self._pod(pod) for pod in shown if moment <= pod.last),
            finished=tuple(self._pod(pod, "evicted") for pod in shown if moment > pod.last),
            status=RolloutStatus(
                generation=2,
                observed_generation=2,
                desired=1,
                replicas=1 + others,
                updated=1,
                available=1,
            ),
        )

    def _pod(self, pod: Life, finished: str = "") -> Pod:
        revision = self._revisions[pod.revision]
        return Pod(
            name=pod.name,
            uid=pod.name,
            replica_set=revision.replica_set,
            replica_set_uid=revision.replica_set_uid,
            created_at=time_of(pod.born),
            ready=not finished,
            finished=finished,
        )


def _revision(number: int, name: str, age: int) -> Revision:
    return Revision(
        hash=name,
        replica_set=f"cart-{name}",
        replica_set_uid=f"uid-{name}",
        number=number,
        images=(f"cart:v{number}",),
        created_at=time_of(age),
    )
