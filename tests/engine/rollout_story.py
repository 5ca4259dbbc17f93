"""The story of one rollout: its pods, their scrapes, and what a metrics server answers of them.

What a story leaves out is what only one of the two can know, a record or the daemon: a pod that is gone
before its first scrape was read is one whose birth nobody tells, and the cluster calls the rollout complete
when the last pod of another revision was scraped for the last time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hypothesis import strategies as st

from daemon.core.assessment import Attribution, Verdict
from daemon.core.judge.judgement import Decision
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.sample import Sample

START = 1_760_000_000
"""Unix seconds at which the rollout begins. All other times of a story are seconds since then."""
EVERY = 15
BEFORE = 450
"""Seconds for which old pods were scraped before the rollout."""
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
