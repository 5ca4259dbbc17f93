"""Does a failure follow the clock, or each new pod's own age?

An incident hits all pods at one moment, however old they are. A release that needs half a minute to break (a
pool that fills, a cache that grows) breaks each pod that long after its own start, and the pods of a rollout
start one after the other. So even where no old pod is left to ask, the new ones can tell the two apart.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from daemon.core.attribution.affected_pods import spread
from daemon.core.attribution.common_cause import about, baseline_rate, log_likelihood
from daemon.core.signals.counters import Step
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.statistics.likelihood import log_sum
from daemon.core.thresholds import FAINT, INTERVAL, MOMENTS, SKEW
from daemon.core.value import Value


class Ageing(Value, frozen=True):
    """Each pod failed between ``low`` and ``high`` seconds after its own start."""

    gain: float
    """Log Bayes factor (nats) of a failure at one age, against one at one moment."""
    low: float
    high: float


class _Pod(Value, frozen=True):
    """How likely a pod's counts are, by the moment (an index of the grid) at which it began to fail."""

    first: int
    last: int
    """Its birth lies between these moments, which may be before the grid."""
    sums: tuple[float, ...]
    """Of the likelihoods before each moment, as parts of the highest."""
    peak: float
    """The highest one's logarithm (nats)."""
    scrapes: int
    best: float
    """The logarithm (nats) if each scrape had the rate that it shows."""

    def log_mean(self, first: int, last: int) -> float:
        """Of the moments from ``first`` to ``last``; beyond the grid's ends nothing changes any more."""
        end = len(self.sums) - 2
        first, last = min(max(first, 0), end), min(max(last, 0), end)
        mean = (self.sums[last + 1] - self.sums[first]) / (last + 1 - first)
        return self.peak + math.log(max(mean, FAINT))


def ageing(state: SignalState, begun: Onset) -> Ageing | None:
    """``None`` where fewer than two pods were seen from their first scrape on, or those tell nothing of it.

    Either hypothesis has one parameter, the moment or the age, with the same uniform density. A pod's birth
    lies at an unknown moment within its first scrape's interval, and is integrated out. So that this freedom
    is no favour, the common moment may differ from pod to pod by ``SKEW``.
    """
    births = [step for step in state.new_steps if step.age < 0]
    if len(births) < 2:
        return None
    extent = max(birth.at for birth in births) - min(birth.since for birth in births)
    low, high = begun.low - extent, begun.high + extent
    if high <= low:
        return None
    width = max(SKEW, (high - low) / MOMENTS)
    grid = [low + width * index for index in range(math.ceil((high - low) / width) + 1)]
    pods = _pods(state, begun, births, grid)
    # No pod fails before its birth.
    ages = range(max(0, -max(pod.last for pod in pods)), len(grid) - min(pod.first for pod in pods))
    if not ages or not any(pod.scrapes for pod in pods):
        return None
    by_moment = [sum([pod.log_mean(at - 1, at + 1) for pod in pods]) for at in range(len(grid))]
    by_age = [sum([pod.log_mean(pod.first + age, pod.last + age) for pod in pods]) for age in ages]
    likeliest = max(by_age)
    near = [age for age, found in zip(ages, by_age, strict=True) if found >= likeliest - INTERVAL]
    gain = log_sum(by_age) - log_sum(by_moment)
    return Ageing(
        gain=gain / _misfit(pods, max(likeliest, *by_moment)), low=near[0] * width, high=near[-1] * width
    )


def _misfit(pods: Sequence[_Pod], likeliest: float) -> float:
    """By how much the better hypothesis fits worse than chance would have it: the deviance of a scrape.

    A failure that grows fits neither, and which one it fits less badly says little (quasi-likelihood:
    Wedderburn, Biometrika 1974, 61(3)).
    """
    deviance = 2 * (sum([pod.best for pod in pods]) - likeliest)
    return max(1.0, deviance / sum([pod.scrapes for pod in pods]))


def _pods(state: SignalState, begun: Onset, births: Sequence[Step], grid: Sequence[float]) -> list[_Pod]:
    base = baseline_rate(state)
    rate = max(base, spread(state, begun).tally.rate or begun.failing)
    return [_pod(state, birth, grid, rate, base) for birth in births]


def _pod(state: SignalState, birth: Step, grid: Sequence[float], rate: float, base: float) -> _Pod:
    own = about([step for step in state.new_steps if step.pod == birth.pod], grid[0], grid[-1])
    clumps = state.baseline.clumps
    likelihoods = [found / clumps for found in _likelihoods(own, grid, rate, base)]
    peak, width = max(likelihoods), grid[1] - grid[0]
    return _Pod(
        first=math.floor((birth.since - grid[0]) / width),
        last=math.ceil((birth.at - grid[0]) / width),
        sums=tuple(accumulate([math.exp(found - peak) for found in likelihoods], initial=0.0)),
        peak=peak,
        scrapes=len(own),
        best=sum([log_likelihood([step], -math.inf, step.bad / step.total, base) for step in own]) / clumps,
    )


def _likelihoods(own: Sequence[Step], grid: Sequence[float], rate: float, base: float) -> list[float]:
    """Of one pod's scrapes, for each moment of the grid; of its scrapes only one can hold the moment."""
    well = list(accumulate([log_likelihood([step], -math.inf, base, base) for step in own], initial=0.0))
    bad = list(accumulate([log_likelihood([step], -math.inf, rate, base) for step in own], initial=0.0))
    ends = [step.at for step in own]
    found = []
    for moment in grid:
        at = bisect_right(ends, moment)
        rest = bad[-1] - bad[min(at + 1, len(own))]
        found.append(well[at] + log_likelihood(own[at : at + 1], moment, rate, base) + rest)
    return found
