"""How pods start: what proven releases' pods did while young, and whether a release's start is worse.

Many services fail some requests in every pod's first seconds. What a release may do there is learnt from the
starts of its proven predecessors, and no more of it than they did: what counts is the *volume* of bad events
since the pods' birth, as a share of the requests of whole scrape intervals. A scrape falls anywhere into a
pod's first interval, and moves bad events from one scrape to the next; it changes no volume.

Scrapes of a pod are numbered by the intervals that it has lived: 0 is the first, which saw a part of one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from daemon.core.signals.counters import Step
from daemon.core.statistics.counts import Tally, percent, thinned
from daemon.core.statistics.likelihood import clamp, log_worse, scale_odds, upper_rate
from daemon.core.thresholds import (
    HALF_AN_EVENT,
    JITTER,
    LIMIT_LEVEL,
    OUTAGE,
    PREDECESSORS,
    RELEASES_DIFFER,
    ROUND,
    SMALLEST_RATE,
    STARTUP,
    STARTUP_STEPS,
)
from daemon.core.value import Value


class Start(Value, frozen=True):
    """How the pods of one release started, by one signal: counts by the number of the scrape."""

    signal: str
    every: float
    """Seconds of an interval."""
    seen: float
    """The part of an interval that pods' first scrapes saw, on average."""
    bad: tuple[float, ...]
    total: tuple[float, ...]
    """Of the first scrape with the requests of a whole interval."""


class Startup(Value, frozen=True):
    """What predecessors' starts allow. ``rates`` has one for each scrape of the window."""

    every: float
    releases: int
    """So many were learnt from, the worst among them, which allows nothing."""
    ahead: float
    """The part of an interval by which a pod's scrape may be later in its life than theirs were."""
    pooled: tuple[Tally, ...]
    rates: tuple[float, ...]
    spread: float
    """By how much they vary more from release to release than independent events would (>= 1)."""

    def number(self, step: Step) -> int:
        return _number(step, self.every)

    def covers(self, step: Step) -> bool:
        """Whether the scrape lies in the window."""
        return _number(step, self.every) < len(self.rates)


class Against(Value, frozen=True):
    """What a start is held against beside its predecessors'."""

    usual_requests: float
    """Of a pod in a second before the rollout; 0 where they are not known."""
    dispersion: float
    """Each event is worth one part in so many."""
    factor: float
    """The odds ratio to the predecessors' that counts as worse."""
    alpha: float
    """Covers what the predecessors' rate may be at most."""
    level: float
    """Log e-value (nats) that decides at one look; there is one at each scrape of the window."""


class Starting(Value, frozen=True):
    """How a release's start compares, so far."""

    counted: Tally
    """What its pods did in the window."""
    rate: float
    usual: float
    """The same share of its predecessors."""
    seconds: float
    releases: int
    over_bound: float = 0.0
    """Log e-value (nats) against "no worse than them by more than the policy's factor"."""
    over_usual: float = 0.0
    """Log e-value (nats) against "no worse than they may have been"."""
    failing: bool = False

    def __str__(self) -> str:
        worse = "worse" if self.failing else "no worse"
        who = (
            f"the last {self.releases} proven releases'" if self.releases > 1 else "the last proven release's"
        )
        return (
            f"{percent(self.rate)} in the pods' first {self.seconds:.0f} s, {worse} than {who} "
            f"({percent(self.usual)})"
        )


def kept(young: tuple[Step, ...], steps: Sequence[Step]) -> tuple[Step, ...]:
    """Those of the steps that tell of pods' starts, with those known before."""
    fresh = [step for step in steps if step.age < STARTUP]
    return (*young, *fresh)[-STARTUP_STEPS:] if fresh else young


def start_of(signal: str, young: Iterable[Step]) -> Start | None:
    """How the release's pods started; ``None`` where no pod was seen from its birth into its second
    interval."""
    pods = {pod: steps for pod, steps in _by_pod(young).items() if len(steps) > 1}
    if not pods:
        return None
    every = max(ROUND, statistics.median(s.at - s.since for steps in pods.values() for s in steps[1:]))
    size = int(STARTUP // every) + 1
    bad, total, first, whole = [0.0] * size, [0.0] * size, 0.0, 0.0
    for steps in pods.values():
        for step in steps:
            number = _number(step, every)
            if number < size:
                bad[number], total[number] = bad[number] + step.bad, total[number] + step.total
        requests = _whole_interval(steps, every, math.inf)
        first, whole = first + steps[0].total, whole + requests
        total[0] += requests - steps[0].total
    seen = min(1.0, first / whole) if whole > 0 else 1.0
    return Start(signal=signal, every=every, seen=round(seen, 3), bad=tuple(bad), total=tuple(total))


def learnt(starts: Sequence[Start], bound: float) -> Startup | None:
    """What the newest of these starts allow (the newest last); ``None`` where that is not over the bound.

    Of several the worst allows nothing: what one release alone had is no licence. The window is as long as
    their rates are over the bound from the beginning on, and a scrape longer, for a scrape may be earlier in
    a pod's life than theirs were.
    """
    if not starts:
        return None
    every = starts[-1].every
    alike = [start for start in starts if abs(start.every - every) <= JITTER][-PREDECESSORS:]
    size = min(len(start.total) for start in alike)
    lasts = _lasts(_pooled(alike, size), bound)
    among = sorted(alike, key=lambda start: _share(start, max(lasts, 2)))
    among = among[: max(1, len(among) - 1)]
    pooled = _pooled(among, size)
    lasts = _lasts(pooled, bound)
    if not lasts:
        return None
    window = min(lasts + 1, size)
    return Startup(
        every=every,
        releases=len(alike),
        ahead=1 - min(1.0, statistics.fmean(start.seen for start in among)),
        pooled=pooled[:window],
        rates=tuple([max(bound, min(tally.rate or 0.0, OUTAGE)) for tally in pooled[:window]]),
        spread=_spread(among, lasts),
    )


def _pooled(starts: Sequence[Start], size: int) -> tuple[Tally, ...]:
    return tuple(
        Tally(bad=sum(start.bad[n] for start in starts), total=sum(start.total[n] for start in starts))
        for n in range(size)
    )


def _lasts(pooled: Sequence[Tally], bound: float) -> int:
    """For how many scrapes from the beginning the rate is over the bound; the first may see nothing yet."""
    over = [(tally.rate or 0.0) > bound for tally in pooled]
    if not any(over[:2]):
        return 0
    return next((n for n in range(1, len(over)) if not over[n]), len(over))


def _share(start: Start, scrapes: int) -> float:
    bad, total = sum(start.bad[:scrapes]), sum(start.total[:scrapes])
    return bad / total if total > 0 else 0.0


def _spread(starts: Sequence[Start], scrapes: int) -> float:
    """Pearson's dispersion of the releases' counts."""
    counts = [(sum(start.bad[:scrapes]), sum(start.total[:scrapes])) for start in starts]
    counts = [count for count in counts if count[1] > 0]
    rate = clamp(sum(bad for bad, _ in counts) / max(1.0, sum(total for _, total in counts)))
    if len(counts) < 2:
        return 1.0
    chi = sum((bad - total * rate) ** 2 / (total * rate * (1 - rate)) for bad, total in counts)
    return max(1.0, chi / (len(counts) - 1))


def compared(
    startup: Startup, young: Iterable[Step], counts: Callable[[Step], bool], against: Against
) -> Starting | None:
    """The release's start beside its predecessors', by the steps that count, which all lie in the window;
    ``None`` while there are none.

    The mean of rates that vary is tested as if it were one rate, which holds: the expectation of the product
    of likelihood ratios is greatest where all the rates are equal.
    """
    counted, events = Tally(), [0.0] * len(startup.rates)
    for steps in _by_pod(young).values():
        for step in filter(counts, steps):
            events[startup.number(step)] += step.total
            counted += Tally(bad=step.bad, total=step.total, scrapes=1)
        if counts(steps[0]):
            usual = against.usual_requests * startup.every
            events[0] += _whole_interval(steps, startup.every, usual) - steps[0].total
    whole = sum(events)
    if whole <= 0:
        return None
    last = max(n for n, total in enumerate(events) if total > 0)
    own, upper, spread = _allowed(startup, [total / whole for total in events], whole, against.alpha)
    most = max(OUTAGE, startup.rates[-1])
    seen = Tally(bad=counted.bad, total=whole)
    # The factor is the allowance for what differs from release to release; it is not made twice.
    over_bound = log_worse(
        thinned(seen, max(against.dispersion, startup.spread)), min(scale_odds(upper, against.factor), most)
    )
    over_usual = log_worse(thinned(seen, max(against.dispersion, spread)), min(upper, most))
    looks = math.log(len(startup.rates))
    return Starting(
        counted=counted,
        rate=counted.bad / whole,
        usual=own,
        seconds=(last + 1) * startup.every,
        releases=startup.releases,
        over_bound=over_bound,
        over_usual=over_usual,
        failing=over_bound >= LIMIT_LEVEL + looks and over_usual >= against.level + looks,
    )


def _allowed(
    startup: Startup, weights: Sequence[float], events: float, alpha: float
) -> tuple[float, float, float]:
    """For a start of so many events, of which the scrapes have these weights: the predecessors' own rate, the
    upper bound of what a start like theirs may show, and how many times fewer events it is worth.

    A scrape that is later in a pod's life than theirs were sees a part of what they had in the next one.
    """
    rates, ahead = startup.rates, startup.ahead
    shares = [weights[0], *(before * ahead + now * (1 - ahead) for before, now in pairwise(weights))]
    mean = sum([share * rate for share, rate in zip(shares, rates, strict=True)])
    variance = sum(
        [
            share**2 * rate * (1 - rate) / (tally.total + 2 * HALF_AN_EVENT)
            for share, rate, tally in zip(shares, rates, startup.pooled, strict=True)
        ]
    )
    own = sum([weight * (tally.rate or 0.0) for weight, tally in zip(weights, startup.pooled, strict=True)])
    mean = clamp(min(mean, OUTAGE))
    spread = max(startup.spread, 1 + RELEASES_DIFFER**2 * events * mean / (1 - mean))
    known = mean * (1 - mean) / max(variance, SMALLEST_RATE**2) / spread
    return own, upper_rate(Tally(bad=mean * known, total=known), alpha), spread


def _by_pod(young: Iterable[Step]) -> dict[str, list[Step]]:
    """The steps of each pod that was seen from its birth on, in the order of time."""
    pods: dict[str, list[Step]] = {}
    for step in sorted(young):
        if step.age < 0 or step.pod in pods:
            pods.setdefault(step.pod, []).append(step)
    return pods


def _number(step: Step, every: float) -> int:
    if step.age < 0:
        return 0
    return max(1, math.ceil((step.age + step.at - step.since - JITTER) / every))


def _whole_interval(steps: Sequence[Step], every: float, most: float) -> float:
    """The requests of a pod's first interval, of which its first scrape saw a part: as many as of the second.

    While that is not known, ``most``, and no more than twice what was seen.
    """
    first = steps[0].total
    second = sum(step.total for step in steps[1:] if _number(step, every) == 1)
    if second > 0:
        return max(first, second)
    return max(first, min(2 * first, most))
