"""Rollouts to be judged twice: as what pods counted, as series of a Prometheus, and as a record's entries.

Chance is drawn from a seed, so that a rollout is the same each time; only when it began differs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from daemon.core.assessment import Attribution, Verdict
from daemon.core.judge.judgement import Decision
from daemon.core.policy import Policy, SignalPolicy
from daemon.settings import SignalSettings
from tests import example

EVERY = 15.0
"""Seconds between a scraper's scrapes of a pod."""
BEFORE = 1200.0
"""Seconds that the old pods were scraped for when the rollout begins."""
BORN, OVERLAP = 1.0, 25.0
"""Seconds after which the new pods serve, and after which the old ones are gone where they go."""
PODS = 2
"""Of each revision."""
CLASSIC = "gl006_http_request_duration_seconds"
NATIVE = "gl006_native_request_duration_seconds"
CONVERTED = "gl006_converted_request_duration_seconds"


class Form(Enum):
    """How the pods tell of their requests."""

    COUNTERS = "counters"
    CLASSIC = "classic histogram"
    NATIVE = "native histogram"
    CONVERTED = "native histogram with a classic one's buckets"


@dataclass(frozen=True)
class Judged:
    """A signal, and the form that pods tell of it in."""

    form: Form
    settings: SignalSettings

    @property
    def policy(self) -> Policy:
        title = self.settings.title or self.settings.name
        signal = SignalPolicy(name=self.settings.name, title=title, limit=self.settings.limit)
        return Policy(signals=(signal,), watch=600.0, baseline_window=1800.0)


def _slow(form: Form, name: str, seconds: float, histogram: str) -> Judged:
    settings = SignalSettings(name=name, histogram=histogram, slower_than=seconds, limit=0.05)
    return Judged(form, settings)


ERRORS = Judged(Form.COUNTERS, example.SIGNALS[0])
SLOW = _slow(Form.CLASSIC, "slow", 1.0, CLASSIC)
SLOW_BETWEEN = _slow(Form.CLASSIC, "slow-between", 0.75, CLASSIC)
NATIVE_SLOW = _slow(Form.NATIVE, "native-slow", 1.0, NATIVE)
NATIVE_BETWEEN = _slow(Form.NATIVE, "native-between", 0.75, NATIVE)
CONVERTED_SLOW = _slow(Form.CONVERTED, "converted-slow", 1.0, CONVERTED)
CONVERTED_BETWEEN = _slow(Form.CONVERTED, "converted-between", 0.75, CONVERTED)
SIGNALS = (
    ERRORS,
    SLOW,
    SLOW_BETWEEN,
    NATIVE_SLOW,
    NATIVE_BETWEEN,
    CONVERTED_SLOW,
    CONVERTED_BETWEEN,
)


GOOD, MIDDLING, BAD = 0.3, 0.7, 2.0
"""Seconds that requests take."""
EDGES = (0.5, 1.0, 2.5)


class Shares(NamedTuple):
    """Of requests: those that fail or take :data:`BAD`, those that take :data:`MIDDLING`."""

    bad: float
    middling: float = 0.0


class Counts(NamedTuple):
    """Cumulative."""

    good: int = 0
    middling: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        return self.good + self.middling + self.bad

    def upto(self, edge: float) -> int:
        took = ((GOOD, self.good), (MIDDLING, self.middling), (BAD, self.bad))
        return sum(count for seconds, count in took if seconds <= edge)


WELL = Shares(bad=0.01)


class Outcome(NamedTuple):
    """What the last word on a rollout has to be."""

    verdict: Verdict
    decision: Decision
    cause: Attribution = Attribution.UNDECIDED


RETURNED = Outcome(Verdict.FAILING, Decision.ROLLBACK, Attribution.DEPLOYMENT)
EXCUSED = Outcome(Verdict.FAILING, Decision.HOLD, Attribution.INFRASTRUCTURE)
FINE = Outcome(Verdict.HEALTHY, Decision.PASS)
OPEN = Outcome(Verdict.UNKNOWN, Decision.HOLD)


def _well(_at: float, _is_new: bool) -> Shares:
    return WELL


def _always(new: Shares) -> Callable[[float, bool], Shares]:
    return lambda _at, is_new: new if is_new else WELL


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """``shares`` takes seconds since the rollout began and whether it is a new pod's.

    ``rate`` is the requests a second of all pods together, ``idle`` takes the new pods' away.
    ``restarts`` are times (seconds since the rollout began) at which all pods then alive begin anew,
    ``edges`` those of the new pods' classic histogram.
    """

    name: str
    outcome: Outcome
    signal: Judged = ERRORS
    shares: Callable[[float, bool], Shares] = _well
    rate: float = 20.0
    idle: bool = False
    seconds: float = 240.0
    old_stay: bool = False
    restarts: Sequence[float] = ()
    scrapers: int = 1
    edges: Sequence[float] = EDGES


def _late(at: float, is_new: bool) -> Shares:
    return Shares(bad=0.3) if is_new and at > 120 else WELL


def _incident(at: float, is_new: bool) -> Shares:
    return Shares(bad=0.3) if at > 60 else WELL


_FAILED = _always(Shares(bad=0.2))
_SLOWED = _always(Shares(bad=0.15, middling=0.1))
_MIDDLING = _always(Shares(bad=0.01, middling=0.15))

ROLLOUTS = (
    Rollout(name="healthy", outcome=FINE),
    Rollout(name="errors", outcome=RETURNED, shares=_FAILED),
    Rollout(name="late", outcome=RETURNED, shares=_late),
    Rollout(name="slow-burn", outcome=RETURNED, shares=_always(Shares(bad=0.06)), rate=50.0, seconds=570.0),
    Rollout(name="restarts", outcome=FINE, restarts=(-700.0, -100.0, 70.0, 131.0)),
    Rollout(name="replicas", outcome=RETURNED, shares=_FAILED, scrapers=2),
    Rollout(name="replicas-well", outcome=FINE, scrapers=2),
    Rollout(name="incident", outcome=EXCUSED, shares=_incident, old_stay=True),
    Rollout(name="idle", outcome=OPEN, idle=True),
    Rollout(name="slow", outcome=RETURNED, signal=SLOW, shares=_SLOWED),
    Rollout(name="slow-between", outcome=OPEN, signal=SLOW_BETWEEN, shares=_MIDDLING),
    Rollout(name="edges", outcome=OPEN, signal=SLOW, shares=_MIDDLING, edges=(0.25, 0.5, 2.5)),
    Rollout(name="native", outcome=RETURNED, signal=NATIVE_SLOW, shares=_SLOWED),
    Rollout(name="native-between", outcome=OPEN, signal=NATIVE_BETWEEN, shares=_MIDDLING),
    Rollout(name="converted", outcome=RETURNED, signal=CONVERTED_SLOW, shares=_SLOWED),
    Rollout(name="converted-between", outcome=OPEN, signal=CONVERTED_BETWEEN, shares=_MIDDLING),
)
PARTED = Rollout(name="parted", outcome=FINE, scrapers=2, restarts=(-700.0, 70.0, 131.0))
"""Restarts that one scraper sees before the other."""


@dataclass(frozen=True)
class PodLife:
    """``first`` and ``last`` scrapes in seconds since the rollout began."""

    name: str
    is_new: bool
    first: float
    last: float

    @property
    def revision(self) -> str:
        return revision_of(self.is_new)


@dataclass(frozen=True)
class Scrape:
    """What one scraper read of one pod; ``at`` in Unix seconds, of whole milliseconds."""

    pod: PodLife
    scraper: int
    at: float
    counts: Counts


def revision_of(is_new: bool) -> str:
    return "7c9f" if is_new else "5b8d"


def pods(rollout: Rollout) -> list[PodLife]:
    """Each pod is scraped at a moment of its own, as Prometheus does."""
    made = []
    for index in range(PODS):
        phase = 1.25 + 5.5 * index
        end = rollout.seconds if rollout.old_stay else OVERLAP
        old, new = revision_of(False), revision_of(True)
        made.append(PodLife(f"gl-006-{old}-pod{index:02}", False, phase - BEFORE, end))
        made.append(PodLife(f"gl-006-{new}-pod{index:02}", True, phase + 8.0, rollout.seconds))
    return made


def scrapes(rollout: Rollout, start: float) -> list[Scrape]:
    """All scrapes of a rollout that began at ``start``, in the order of time."""
    made = [scrape for pod in pods(rollout) for scrape in _life(rollout, pod, start)]
    return sorted(made, key=lambda scrape: (scrape.at, scrape.pod.name))


def _life(rollout: Rollout, pod: PodLife, start: float) -> Iterator[Scrape]:
    source = random.Random(f"{rollout.name}/{pod.name}")
    counts, since = Counts(), max(pod.first - EVERY, BORN) if pod.is_new else pod.first - EVERY
    number, at = 0, pod.first
    while at <= pod.last:
        if any(since < restart <= at for restart in rollout.restarts):
            counts = Counts()
        counts = _served(rollout, pod, counts, since, at, source)
        yield Scrape(pod, number % rollout.scrapers, round((start + at) * 1000) / 1000, counts)
        since, number = at, number + 1
        # The second scraper comes in the middle: whole seconds, so that no two scrapes come at once.
        at = pod.first + number // rollout.scrapers * EVERY + number % rollout.scrapers * (EVERY // 2)


def _served(
    rollout: Rollout, pod: PodLife, counts: Counts, since: float, at: float, source: random.Random
) -> Counts:
    if rollout.idle and pod.is_new:
        return counts
    middle = (since + at) / 2
    shares = rollout.shares(middle, pod.is_new)
    # Old and new pods share the requests while both are there.
    serving = PODS * 2 if middle > 0 and (rollout.old_stay or middle < OVERLAP) else PODS
    drawn = [source.random() for _ in range(round(rollout.rate / serving * (at - since)))]
    bad = sum(value < shares.bad for value in drawn)
    middling = sum(shares.bad <= value < shares.bad + shares.middling for value in drawn)
    return Counts(
        good=counts.good + len(drawn) - bad - middling,
        middling=counts.middling + middling,
        bad=counts.bad + bad,
    )
