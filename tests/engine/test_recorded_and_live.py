"""One rollout, watched by the daemon and read from a record: the same is said of it at every moment.

What a story leaves out is what only one of the two can know: a pod that is gone before its first scrape was
read is one whose birth nobody tells, and the cluster calls the rollout complete when the last pod of another
revision was scraped for the last time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.assessment import Assessment, Attribution, Verdict
from daemon.core.attribution.cause import Scene
from daemon.core.case.case import Case, Phase, Spec
from daemon.core.case.events import Observed
from daemon.core.case.lifecycle import advance
from daemon.core.case.rollback_target import Choice
from daemon.core.judge.judgement import Decision, Judgement, decision_of
from daemon.core.judge.record_entries import RolloutStarted, Sampled, ScrapeFailed
from daemon.core.judge.recording import Recording
from daemon.core.judge.verdict import assess
from daemon.core.model import Change, Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.signals.sample import Reading, Sample
from daemon.engine.evidence_store import EvidenceStore

START = 1_760_000_000
"""Unix seconds at which the rollout begins. All other times of a story are seconds since then."""
EVERY = 15
BEFORE = 450
"""Seconds for which old pods were scraped before the rollout."""
REF = WorkloadRef(namespace="shop", name="cart")
SIGNALS = ("errors", "slow")
OLD, NEW, THIRD = "old", "new", "third"


@dataclass(frozen=True)
class Life:
    """One pod: when it was made, when it was scraped, and what one interval brings it."""

    name: str
    revision: str
    born: int
    scrapes: tuple[int, ...]
    requests: int
    kept: bool = True
    """Whether the cluster still shows it once it is over."""
    flawed: int = -1
    """Of this scrape it tells more bad events than events."""

    @property
    def last(self) -> int:
        return self.scrapes[-1]

    def shown(self, moment: int) -> bool:
        return self.born <= moment and (self.kept or moment <= self.last)


@dataclass(frozen=True)
class Story:
    pods: tuple[Life, ...]
    onset: int
    rate: float
    hit: frozenset[str]
    """The revisions that fail from the onset on."""
    watch: int
    stale_after: int
    has_baseline: bool
    reused: bool
    """Whether the judged revision's ReplicaSet is older than the rollout."""
    warmup: int
    outage: range
    """When polls bring nothing."""
    unread: str
    """Which signal's; empty: of all."""
    idle_looks: frozenset[int]

    @property
    def complete_at(self) -> int:
        return max([0, *(pod.last for pod in self.pods if pod.revision != NEW)])

    @property
    def policy(self) -> Policy:
        errors = SignalPolicy(name="errors", title="error rate", limit=0.05)
        slow = SignalPolicy(name="slow", title="slow requests", limit=0.1, warmup=float(self.warmup))
        return Policy(
            signals=(errors, slow),
            watch=float(self.watch),
            stale_after=float(self.stale_after),
            baseline_window=BEFORE - 30.0,
        )

    @property
    def moments(self) -> Sequence[int]:
        """When is looked: at each scrape, at the watch's end, and in between."""
        end = self.complete_at + self.watch
        scraped = {at for pod in self.pods for at in pod.scrapes if at >= 0}
        return sorted({0, end, end + 40} | {at for at in scraped | self.idle_looks if at <= end + 40})

    def readable(self, signal: str, moment: int) -> bool:
        return moment not in self.outage or self.unread not in ("", signal)


class Counted(NamedTuple):
    at: int
    pod: Life
    sample: Sample


def counted(story: Story, signal: str) -> dict[str, list[Counted]]:
    """Pod → its scrapes, in the order of time."""
    return {pod.name: list(_counters(story, signal, pod)) for pod in story.pods}


def _counters(story: Story, signal: str, pod: Life) -> Iterator[Counted]:
    total, owed, before = 0, 0.0, pod.born
    for at in pod.scrapes:
        more = pod.requests * (-(-(at - before) // EVERY))
        failing = signal == "errors" and pod.revision in story.hit and at > story.onset
        total, owed, before = total + more, owed + more * (story.rate if failing else 0.01), at
        flawed = signal == "errors" and at == pod.flawed
        bad = float(total + 1 if flawed else int(owed))
        yield Counted(at, pod, Sample("shop", pod.name, float(START + at), float(total), bad))


def newest(story: Story, signal: str, moment: int) -> list[Counted]:
    """What a metrics server answers at a moment."""
    upto = ([one for one in each if one.at <= moment] for each in counted(story, signal).values())
    return [each[-1] for each in upto if each]


class Said(NamedTuple):
    verdict: Verdict
    decision: Decision
    attribution: Attribution


# ------------------------------------------------------------ the record


def recorded(story: Story) -> tuple[dict[int, Said], int]:
    """What is said at each moment until the watch is over, or a rollback decided; and when that was."""
    recording = Recording(story.policy)
    said = [judgement for entries in _poll_by_poll(story, recording) for judgement in entries]
    last = recording.close()
    assert last is not None
    by_moment = {}
    for moment in story.moments:
        until = [one for one in [*said, last] if one.at <= START + moment <= last.at]
        if until:
            by_moment[moment] = Said(until[-1].verdict, until[-1].decision, until[-1].attribution)
    return by_moment, round(last.at) - START


def _poll_by_poll(story: Story, recording: Recording) -> Iterator[list[Judgement]]:
    """What the record's entries bring, written down as polls would bring them."""
    told = set[tuple[str, str, int]]()
    for entry in sorted(_before(story), key=lambda entry: entry.at):
        yield recording.take(entry)
    baseline = OLD if story.has_baseline else ""
    yield recording.take(RolloutStarted(at=float(START), revision=NEW, baseline=baseline))
    for moment in story.moments:
        yield recording.pass_time(float(START + moment))
        for signal in SIGNALS:
            if not story.readable(signal, moment):
                yield recording.take(ScrapeFailed(at=float(START + moment), signal=signal))
                continue
            for at, pod, sample in _answer(story, signal, moment, first=(signal, "", 0) not in told):
                if (signal, pod.name, at) not in told:
                    yield recording.take(_line(signal, pod, sample, moment))
                told |= {(signal, pod.name, at)}
            told.add((signal, "", 0))
        if recording.decided:
            return


def _before(story: Story) -> list[Sampled]:
    return [
        _line(signal, pod, sample, None)
        for signal in SIGNALS
        for each in counted(story, signal).values()
        for at, pod, sample in each
        if at < 0
    ]


def _answer(story: Story, signal: str, moment: int, *, first: bool) -> list[Counted]:
    """The first one brings all of the past, as a history does, and each other the newest scrapes."""
    if not first:
        return newest(story, signal, moment)
    return [one for each in counted(story, signal).values() for one in each if one.at <= moment]


def _line(signal: str, pod: Life, sample: Sample, moment: int | None) -> Sampled:
    return Sampled(
        at=sample.at,
        signal=signal,
        pod=pod.name,
        revision=pod.revision,
        total=sample.total,
        bad=sample.bad,
        born=float(START + pod.born) if moment is None or pod.shown(moment) else None,
    )


# ------------------------------------------------------------ the daemon


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


# ------------------------------------------------------------ stories


HIT = [
    *([frozenset({NEW})] * 2),
    *([frozenset({NEW, OLD})] * 2),
    frozenset({NEW, THIRD}),
    *([frozenset[str]()] * 3),
]


@st.composite
def lives(draw: st.DrawFn, revision: str, number: int, *, reused: bool) -> Life:
    new = revision == NEW
    if new:
        born = draw(st.integers(-200 if reused else -1, 60))
    else:
        born = draw(st.just(-BEFORE - 60) | st.integers(-300, -60) | st.integers(0, 60))
    phase = draw(st.integers(1, EVERY))
    stay = st.sampled_from([420, 420, 420, 150, 40]) if new else st.integers(0, 40) | st.integers(0, 200)
    last = max(born, 0) + EVERY + draw(stay)
    every = [at for at in range(born + phase, last + 1, EVERY) if at > -BEFORE]
    away = draw(st.integers(0, 200))
    gap = range(away, away + draw(st.sampled_from([0, 0, 0, 40, 100] if new else [0, 0, 40])))
    scrapes = [at for at in every if at not in gap] or every
    flawed = draw(st.sampled_from([-1] * 4 * len(scrapes) + scrapes)) if new else -1
    return Life(
        name=f"cart-{revision}-{number:05}",
        revision=revision,
        born=born,
        scrapes=tuple(scrapes),
        requests=draw(st.sampled_from([100, 40, 300, 40, 100, 4, 0 if new else 1])),
        kept=draw(st.booleans()) if new and not reused else True,
        flawed=flawed,
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    reused = draw(st.booleans())
    counts = {
        OLD: draw(st.sampled_from([2, 1, 3, 0])),
        NEW: draw(st.sampled_from([2, 1, 3, 0])),
        THIRD: draw(st.integers(0, 1)),
    }
    pods = [
        draw(lives(revision, number, reused=reused))
        for revision, count in counts.items()
        for number in range(count)
    ]
    away = draw(st.integers(0, 200))
    return Story(
        pods=tuple(pods),
        onset=draw(st.sampled_from([0]) | st.integers(-100, 200)),
        rate=draw(st.sampled_from([0.5, 1.0, 0.2, 0.06])),
        hit=draw(st.sampled_from(HIT)),
        watch=draw(st.integers(90, 200)),
        stale_after=draw(st.sampled_from([60, 31, 16])),
        has_baseline=draw(st.booleans()),
        reused=reused,
        warmup=draw(st.sampled_from([0, 0, 45])),
        outage=range(away, away + draw(st.sampled_from([0, 0, 20, 45]))),
        unread=draw(st.sampled_from(["", *SIGNALS])),
        idle_looks=draw(st.frozensets(st.integers(0, 300), max_size=4)),
    )


def scraped(name: str, revision: str, born: int, first: int, last: int) -> Life:
    return Life(name, revision, born, tuple(range(first, last + 1, EVERY)), requests=100)


SILENT = Story(
    pods=(
        scraped("cart-old-00001", OLD, -BEFORE - 60, -BEFORE, 0),
        scraped("cart-new-00001", NEW, 1, 15, 30),
    ),
    onset=0,
    rate=0.01,
    hit=frozenset(),
    watch=180,
    stale_after=60,
    has_baseline=True,
    reused=False,
    warmup=0,
    outage=range(0),
    unread="",
    idle_looks=frozenset({89, 90, 91}),
)
"""A good release whose only pod is not scraped any more."""


@given(stories())
@example(SILENT)
@settings(max_examples=200)
def test_a_record_is_judged_as_the_daemon_judges_the_rollout_live(story: Story) -> None:
    expected, over_at = recorded(story)
    live = Live(story)
    for moment, said in expected.items():
        assert live.look(moment) == said, moment
        over = moment == over_at
        if live.case.active and live.case.phase is not Phase.HELD:
            assert (live.case.phase is Phase.ROLLING_BACK) is (said.decision is Decision.ROLLBACK)
            assert not over or live.case.phase is Phase.ROLLING_BACK
        if live.case.phase is Phase.HEALTHY:
            assert over, "the daemon's watch was over earlier"


def test_silence_of_the_new_pods_is_no_health_at_the_end_of_a_record() -> None:
    expected, over_at = recorded(SILENT)
    assert over_at == SILENT.watch
    assert expected[SILENT.watch] == Said(Verdict.UNKNOWN, Decision.HOLD, Attribution.UNDECIDED)
    assert [moment for moment, said in expected.items() if said.verdict is Verdict.HEALTHY] == [15, 30, 89]
