"""The time before the rollout: how often events went bad, how unevenly, and with how much traffic.

Bad events seldom come one by one: a client tries again, a dependency hiccups, a node goes. Counts that vary
more than independent events would are worth less, and by how much is taken from the baseline in two ways:

* Pearson's dispersion over spans of several lengths, for what recurs all the time (up to ``CLUMPS``: what
  comes in larger clumps has a length, and the replay measures that);
* a replay: the events are thinned until no span of the baseline would itself have been convicted, for bursts
  that are rare. A release is not rolled back for what its predecessor did as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from daemon.core.policy import SignalPolicy
from daemon.core.signals.counters import Step
from daemon.core.statistics.counts import Tally, thinned
from daemon.core.statistics.likelihood import log_worse, scale_odds, upper_rate
from daemon.core.thresholds import (
    CLUMPS,
    DISPERSION_SPANS,
    LEAST_FREEDOM,
    LIMIT_LEVEL,
    MARGIN,
    REPLAYED_SPANS,
    ROUND,
    STANDS_OUT,
    STEADY,
    THINNINGS,
)
from daemon.core.value import Value


class Round(Value, frozen=True, kw_only=False):
    """The increments of all pods that were scraped within one round ending about ``at`` (Unix seconds)."""

    at: float
    bad: float
    total: float


class Baseline(Value, frozen=True):
    tally: Tally = Tally()
    dispersion: float = 1.0
    """How many times fewer independent events the counts are worth."""
    rounds: tuple[Round, ...] = ()
    seconds: float = 0.0
    """What the rounds cover."""
    pods: int = 0
    """How many served at its end."""

    @property
    def clumps(self) -> float:
        """The dispersion as far as it tells of what recurs.

        The attribution asks for no more: the replay of a baseline that holds the incident itself thins too
        much to place a change.
        """
        return min(self.dispersion, CLUMPS)

    @property
    def good_per_second(self) -> float:
        return (self.tally.total - self.tally.bad) / self.seconds if self.seconds > 0 else 0.0


class Bounds(Value, frozen=True):
    """The rates that the new revision is held against.

    ``upper``: what the baseline's rate may be at most; ``bound``: what counts as over the limit. ``levels``
    are the log e-values (nats) that decide, for the bound and for the baseline.
    """

    upper: float
    bound: float
    compared: bool
    limit_level: float
    baseline_level: float


def bound_of(policy: SignalPolicy, baseline_upper: float, baseline_rate: float | None) -> float:
    """The rate that counts as too much: the limit, or above it what the baseline had, times the factor."""
    if policy.baseline == "ignore" or baseline_rate is None or baseline_rate <= policy.limit:
        return policy.limit
    return scale_odds(baseline_upper, policy.factor)


def bounds_of(policy: SignalPolicy, before: Tally, dispersion: float, alpha: float) -> Bounds:
    """``alpha`` bounds the chance of a false conviction: half covers ``upper``, half the test against it."""
    compared = policy.baseline != "ignore" and before.total > 0
    worst = before.at_worst
    upper = upper_rate(thinned(worst, dispersion), alpha / 2) if compared else policy.limit
    return Bounds(
        upper=upper,
        bound=bound_of(policy, upper, worst.rate if compared else None),
        compared=compared,
        # Without a baseline the limit is the only bound, and has to carry the strict level alone.
        limit_level=LIMIT_LEVEL if compared else math.log(1 / alpha),
        baseline_level=math.log(2 / alpha),
    )


def baseline_of(steps: Sequence[Step], policy: SignalPolicy, alpha: float) -> Baseline:
    """The baseline from the increments of the control group's pods before the rollout."""
    tally = total(steps)
    rounds = rounds_of(steps)
    seconds = rounds[-1].at - rounds[0].at + ROUND if rounds else 0.0
    dispersion = max(recurring(rounds), replayed(rounds, policy, alpha))
    return Baseline(tally=tally, dispersion=dispersion, rounds=rounds, seconds=seconds, pods=_serving(steps))


def _serving(steps: Sequence[Step]) -> int:
    """How many pods were scraped in the last two rounds."""
    end = max((step.at for step in steps), default=0.0)
    return len({step.pod for step in steps if step.at > end - 2 * ROUND})


def total(steps: Iterable[Step]) -> Tally:
    bad = events = unclear = 0.0
    scrapes = 0
    for step in steps:
        bad, events, unclear, scrapes = (
            bad + step.bad,
            events + step.total,
            unclear + step.unclear,
            scrapes + 1,
        )
    return Tally(bad=bad, total=events, scrapes=scrapes, unclear=unclear)


def rounds_of(steps: Sequence[Step]) -> tuple[Round, ...]:
    """The increments by rounds of time, counted back from the newest scrape, oldest first."""
    if not steps:
        return ()
    end = max(step.at for step in steps)
    sums: dict[int, tuple[float, float]] = {}
    for step in steps:
        index = int((end - step.at) // ROUND)
        bad, events = sums.get(index, (0.0, 0.0))
        sums[index] = (bad + step.bad, events + step.total)
    return tuple(Round(end - index * ROUND, *sums[index]) for index in sorted(sums, reverse=True))


def recurring(rounds: Sequence[Round]) -> float:
    """Pearson's dispersion as far as clumps that recur can make one."""
    return min(pearson(rounds), CLUMPS)


def pearson(rounds: Sequence[Round]) -> float:
    """How much more the bad events vary between rounds than independent ones would (>= 1).

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder, Generalized Linear Models, 2nd
    ed., 4.5.2), shrunk towards 1 where there are few. Longer spans count where they stand out, for bursts
    last longer than a round.
    """
    found = 1.0
    for span in DISPERSION_SPANS:
        chi, freedom = _chi_square(_spans(rounds, span))
        if freedom < LEAST_FREEDOM:
            continue
        spread = (STEADY + chi) / (STEADY + freedom)
        if span == DISPERSION_SPANS[0] or spread > found * (1 + STANDS_OUT * math.sqrt(2 / freedom)):
            found = max(found, spread)
    return found


def _spans(rounds: Sequence[Round], length: int) -> list[tuple[float, float]]:
    return [
        (sum(r.bad for r in rounds[i : i + length]), sum(r.total for r in rounds[i : i + length]))
        for i in range(0, len(rounds), length)
    ]


def _chi_square(spans: Sequence[tuple[float, float]]) -> tuple[float, int]:
    """The statistic and its degrees of freedom, over spans pooled until each expects an event."""
    bad, events = sum(span[0] for span in spans), sum(span[1] for span in spans)
    if bad <= 0 or bad >= events:
        return 0.0, 0
    rate = bad / events
    chi, pools, pool = 0.0, 0, (0.0, 0.0)
    for span in spans:
        pool = (pool[0] + span[0], pool[1] + span[1])
        if pool[1] * rate >= 1:
            chi += (pool[0] - pool[1] * rate) ** 2 / (pool[1] * rate * (1 - rate))
            pools, pool = pools + 1, (0.0, 0.0)
    return chi, pools - 1


def replayed(rounds: Sequence[Round], policy: SignalPolicy, alpha: float) -> float:
    """The least thinning with which no span of the baseline comes near a conviction."""
    whole = Tally(bad=sum(r.bad for r in rounds), total=sum(r.total for r in rounds))
    worst = _worst_spans(rounds)
    for factor in THINNINGS:
        bounds = bounds_of(policy, whole, factor, alpha)
        if not any(_near(thinned(span, factor), bounds) for span in worst):
            return factor
    return THINNINGS[-1]


def _near(span: Tally, bounds: Bounds) -> bool:
    return (
        log_worse(span, bounds.bound) >= MARGIN * bounds.limit_level
        and log_worse(span, bounds.upper) >= MARGIN * bounds.baseline_level
    )


def _worst_spans(rounds: Sequence[Round]) -> list[Tally]:
    """Of each length the span with the highest rate and the one with the most bad events."""
    bad, events = [0.0], [0.0]
    for item in rounds:
        bad.append(bad[-1] + item.bad)
        events.append(events[-1] + item.total)
    worst = []
    for length in REPLAYED_SPANS:
        spans = [
            (bad[end] - bad[end - length], events[end] - events[end - length])
            for end in range(length, len(bad))
        ]
        spans = [span for span in spans if span[0] > 0]
        if spans:
            steepest = max(spans, key=lambda span: span[0] / span[1] if span[1] else 0.0)
            worst += [Tally(bad=b, total=n) for b, n in {steepest, max(spans)}]
    return worst
