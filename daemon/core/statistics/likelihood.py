"""What counts say of a rate: likelihood ratios over effect sizes, and an upper confidence bound.

A mixture of Bernoulli likelihood ratios is an e-value: its expectation is at most 1 under the null
hypothesis, so by Markov's inequality it exceeds 1/α with probability at most α (Ramdas, Grünwald, Vovk,
Shafer: "Game-theoretic statistics and safe anytime-valid inference", 2023, Statistical Science 38(4)).
:mod:`daemon.core.statistics.e_process` makes a process of it that may be looked at as often as one likes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from daemon.core.statistics.counts import Tally
from daemon.core.thresholds import BETTER_EFFECTS, EFFECTS, KNOWN_RATE, SMALLEST_RATE, WEIGHTS

LOG_WEIGHTS = tuple([math.log(weight) for weight in WEIGHTS])


Ratio = tuple[float, float]
"""Log likelihood ratio (nats) of one bad and of one good event, under an effect against the bound."""


def clamp(rate: float) -> float:
    return min(max(rate, SMALLEST_RATE), 1 - SMALLEST_RATE)


def scale_odds(rate: float, factor: float) -> float:
    """The rate whose odds are ``factor`` times the odds of ``rate``."""
    odds = clamp(rate) / (1 - clamp(rate)) * factor
    return clamp(odds / (1 + odds))


@lru_cache(maxsize=8192)
def ratios(bound: float) -> tuple[Ratio, ...]:
    """One for each of :data:`~daemon.core.thresholds.EFFECTS`."""
    bound = clamp(bound)
    return tuple(_ratio(max(scale_odds(bound, effect), bound), bound) for effect in EFFECTS)


def _ratio(rate: float, bound: float) -> Ratio:
    return math.log(rate / bound), math.log((1 - rate) / (1 - bound))


def log_sum(terms: Sequence[float]) -> float:
    """log(sum(exp(terms))); ``terms`` must not be empty."""
    peak = max(terms)
    return peak + math.log(sum([math.exp(term - peak) for term in terms]))


def log_worse(tally: Tally, bound: float) -> float:
    """Log e-value (nats) against "the true rate is at most ``bound``"; ``bound`` in (0, 1)."""
    good = tally.total - tally.bad
    return log_sum(
        [
            weight + tally.bad * worse + good * better
            for weight, (worse, better) in zip(LOG_WEIGHTS, ratios(bound), strict=True)
        ]
    )


def log_better(tally: Tally, bound: float, expected: float) -> float:
    """Log e-value (nats) against "the true rate is at least ``bound``".

    ``expected`` is where the rate is thought to lie when all is well; half of the mixture's weight stands
    there, because that is known from the baseline, the rest is spread below the bound.
    """
    bad, good = tally.bad, tally.total - tally.bad
    return log_sum(
        [weight + bad * worse + good * better for weight, (worse, better) in _below(bound, expected)]
    )


def shown_better(tally: Tally, bound: float, expected: float, level: float) -> bool:
    """Whether :func:`log_better` reaches ``level`` (nats); mostly one part of the mixture does so alone."""
    bad, good = tally.bad, tally.total - tally.bad
    for weight, (worse, better) in _below(bound, expected):
        if weight + bad * worse + good * better >= level:
            return True
    return log_better(tally, bound, expected) >= level


@lru_cache(maxsize=8192)
def _below(bound: float, expected: float) -> tuple[tuple[float, Ratio], ...]:
    """The mixture of :func:`log_better`: log weights and ratios."""
    bound = clamp(bound)
    expected = min(clamp(expected), bound)
    spread = [scale_odds(bound, 1 / effect) for effect in BETTER_EFFECTS]
    weighted = [(expected, KNOWN_RATE), *((rate, (1 - KNOWN_RATE) / len(spread)) for rate in spread)]
    return tuple((math.log(weight), _ratio(rate, bound)) for rate, weight in weighted)


def upper_rate(tally: Tally, alpha: float) -> float:
    """An upper confidence bound of level 1 - ``alpha`` on the rate (Chernoff's bound, valid for any n).

    Solves n * KL(rate, bound) = log(1/alpha) (Hoeffding 1963, theorem 1) by bisection. 1.0 without data.
    """
    if tally.total <= 0:
        return 1.0
    rate, reach = tally.bad / tally.total, math.log(1 / alpha) / tally.total
    low, high = rate, 1 - SMALLEST_RATE
    while high - low > 1e-3 * low + 1e-9:
        middle = (low + high) / 2
        if divergence(rate, middle) > reach:
            high = middle
        else:
            low = middle
    return high


def divergence(rate: float, other: float) -> float:
    """Kullback-Leibler divergence (nats) of two Bernoulli rates."""
    other = clamp(other)
    first = rate * math.log(rate / other) if rate > 0 else 0.0
    second = (1 - rate) * math.log((1 - rate) / (1 - other)) if rate < 1 else 0.0
    return first + second


assert all(low < high for low, high in pairwise(EFFECTS))
assert len(WEIGHTS) == len(EFFECTS)
assert math.isclose(sum(WEIGHTS), 1.0)
