"""Sequential evidence on a rate of bad events: e-processes, and what they say of a limit.

An e-process is a non-negative process whose expectation is at most 1 under the null hypothesis at any
stopping time; by Ville's inequality it exceeds 1/α with probability at most α however often one looks
(Ramdas, Grünwald, Vovk, Shafer: "Game-theoretic statistics and safe anytime-valid inference", 2023,
Statistical Science 38(4)). Here it is a mixture of Bernoulli likelihood ratios over effect sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from daemon.core.counters import Tally

EFFECTS = (1.2, 1.45, 2.0, 3.0, 5.0, 10.0, 30.0, 200.0, 20_000.0)
"""Odds ratios of the mixture, from barely over the bound to nearly everything failing."""
SMALLEST = 1e-6
"""No rate is believed to lie nearer to 0 or 1 than this."""


def clamp(rate: float) -> float:
    return min(max(rate, SMALLEST), 1 - SMALLEST)


def scale_odds(rate: float, factor: float) -> float:
    """The rate whose odds are ``factor`` times the odds of ``rate``."""
    odds = clamp(rate) / (1 - clamp(rate)) * factor
    return clamp(odds / (1 + odds))


def _log_mixture(tally: Tally, bound: float, rates: Sequence[tuple[float, float]]) -> float:
    good = tally.total - tally.bad
    terms = [
        math.log(weight) + tally.bad * math.log(rate / bound) + good * math.log((1 - rate) / (1 - bound))
        for rate, weight in rates
    ]
    peak = max(terms)
    return peak + math.log(sum(math.exp(term - peak) for term in terms))


def log_worse(tally: Tally, bound: float) -> float:
    """Log e-value (nats) against "the true rate is at most ``bound``"; ``bound`` in (0, 1)."""
    bound = clamp(bound)
    rates = [(scale_odds(bound, effect), 1 / len(EFFECTS)) for effect in EFFECTS]
    return _log_mixture(tally, bound, [(max(rate, bound), weight) for rate, weight in rates])


def log_better(tally: Tally, bound: float, expected: float) -> float:
    """Log e-value (nats) against "the true rate is at least ``bound``".

    ``expected`` is where the rate is thought to lie when all is well; half of the mixture's weight stands
    there, because that is known from the baseline, the rest is spread below the bound.
    """
    bound = clamp(bound)
    expected = min(clamp(expected), bound)
    spread = [scale_odds(bound, 1 / effect) for effect in (1.5, 3.0, 10.0, 1000.0)]
    return _log_mixture(tally, bound, [(expected, 0.5), *((rate, 0.5 / len(spread)) for rate in spread)])


def upper_rate(tally: Tally, alpha: float) -> float:
    """An upper confidence bound of level 1 - ``alpha`` on the rate (Chernoff's bound, valid for any n).

    Solves n * KL(rate, bound) = log(1/alpha) (Hoeffding 1963, theorem 1) by bisection. 1.0 without data.
    """
    if tally.total <= 0:
        return 1.0
    rate, reach = tally.bad / tally.total, math.log(1 / alpha) / tally.total
    low, high = rate, 1 - SMALLEST
    for _ in range(60):
        middle = (low + high) / 2
        if _divergence(rate, middle) > reach:
            high = middle
        else:
            low = middle
    return high


def _divergence(rate: float, other: float) -> float:
    other = clamp(other)
    first = rate * math.log(rate / other) if rate > 0 else 0.0
    second = (1 - rate) * math.log((1 - rate) / (1 - other)) if rate < 1 else 0.0
    return first + second


def dispersion(steps: Sequence[Tally]) -> float:
    """How much more the bad events vary between scrapes than independent ones would (>= 1).

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder, Generalized Linear Models,
    2nd ed., 4.5.2), over steps pooled until each expects an event, for the statistic is wild below that.
    """
    whole = sum(steps, Tally())
    rate = whole.rate
    if rate is None or rate <= 0 or rate >= 1:
        return 1.0
    pools = _pooled(steps, 1 / rate)
    if len(pools) < 8:
        return 1.0
    chi = sum((pool.bad - pool.total * rate) ** 2 / (pool.total * rate * (1 - rate)) for pool in pools)
    return max(1.0, chi / (len(pools) - 1))


def _pooled(steps: Sequence[Tally], least: float) -> list[Tally]:
    pools, pool = [], Tally()
    for step in steps:
        pool += step
        if pool.total >= least:
            pools.append(pool)
            pool = Tally()
    return pools


def thinned(tally: Tally, factor: float) -> Tally:
    """The tally as that many fewer independent events: what overdispersed counts are worth."""
    return Tally(bad=tally.bad / factor, total=tally.total / factor, scrapes=tally.scrapes)


assert all(low < high for low, high in pairwise(EFFECTS))
