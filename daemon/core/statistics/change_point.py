"""When did it begin? A change point with an interval, not a guess."""

from __future__ import annotations

import math
from collections.abc import Sequence

from daemon.core.statistics.counts import Scrape
from daemon.core.statistics.likelihood import clamp
from daemon.core.thresholds import CHANGED, INTERVAL, ONE_CHANCE_EVENT
from daemon.core.value import Value


class Onset(Value, frozen=True):
    """The failure began between these times (Unix seconds), and has this rate since."""

    low: float
    high: float
    failing: float
    surely: float = math.inf
    """By then it had begun, even if what came first was chance."""
    gain: float = 0.0
    """Log likelihood ratio (nats) of the change against none."""
    well: float = 0.0
    """Log likelihood ratio (nats) of a good beginning against a failure from the first request on."""


def onset(steps: Sequence[Scrape], usual: float, dispersion: float = 1.0) -> Onset | None:
    """The change from the ``usual`` rate to a higher one, if there was one.

    The profile likelihood of the change point (Hinkley, "Inference about the change-point in a sequence of
    random variables", Biometrika 1970, 57(1)) over the steps in time; the interval holds every change point
    whose likelihood is close to the best (Siegmund, "Confidence sets in change-point problems", 1988).
    """
    ordered = sorted((step for step in steps if step.total > 0), key=lambda step: step.at)
    usual = clamp(usual)
    gains: list[tuple[float, float]] = []
    bad = total = 0.0
    for step in reversed(ordered):
        bad, total = bad + step.bad, total + step.total
        gains.append(_gain(bad / dispersion, total / dispersion, usual))
    gains.reverse()
    best = max((gain for gain, _ in gains), default=0.0)
    if best < CHANGED:
        return None
    near = [index for index, (gain, _) in enumerate(gains) if gain >= best - INTERVAL]
    surely = max(index for index, (gain, _) in enumerate(gains) if gain >= best - ONE_CHANCE_EVENT)
    peak = next(index for index, (gain, _) in enumerate(gains) if gain == best)
    first, last = ordered[near[0]], ordered[near[-1]]
    low = first.since if first.since < first.at else first.at
    return Onset(
        low=min(low, first.at),
        high=last.at,
        failing=gains[peak][1],
        surely=ordered[surely].at,
        gain=best,
        well=best - gains[0][0],
    )


def _gain(bad: float, total: float, usual: float) -> tuple[float, float]:
    """Log likelihood ratio (nats) of a suffix's own rate against the usual one, and that rate."""
    rate = clamp(bad / total)
    if rate <= usual:
        return 0.0, rate
    gain = bad * math.log(rate / usual) + (total - bad) * math.log((1 - rate) / (1 - usual))
    return gain, rate
