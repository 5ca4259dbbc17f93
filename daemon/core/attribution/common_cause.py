"""The control group: old pods that serve beside the new ones.

Whatever hits both is not the release's doing. The question is put in time, for scrapes come at different
moments: which moment of an incident would explain both sides, and how well, against a failure of the new
pods alone?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from daemon.core.signals.baseline import total
from daemon.core.signals.counters import Step, serving
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.statistics.likelihood import clamp, log_sum
from daemon.core.thresholds import EXCLUDED, FINE, GRID, RATE_FLOOR, ROUND, SKEW


def baseline_rate(state: SignalState) -> float:
    return max(state.baseline.tally.rate or 0.0, RATE_FLOOR)


def common_cause(state: SignalState, begun: Onset) -> float:
    """Log Bayes factor (nats) of one incident that hits both, against a failure of the new pods alone.

    Either began at some moment of the onset's interval, each as likely as the other, and has the rate that
    the new pods show; a scrape that it began in is hit in part. The old pods' counts are then foretold by
    the incident, or by the usual rate. 0.0 where they tell nothing.
    """
    new, old = (about(steps, begun.low, begun.high) for steps in (state.new_steps, state.old_steps))
    if not new or not old or begun.high <= begun.low:
        return 0.0
    span, base, clumps = (begun.low, begun.high), baseline_rate(state), state.baseline.clumps
    found = log_bayes_factor(new, old, span, base, clumps)
    if found > EXCLUDED:
        return found
    # Where there are many requests a second's difference in time would exclude anything.
    apart = [log_bayes_factor(new, old, span, base, clumps, skew) for skew in (-SKEW, SKEW)]
    return log_sum([found, *apart]) - math.log(3)


def log_bayes_factor(
    new: Sequence[Step],
    old: Sequence[Step],
    span: tuple[float, float],
    base: float,
    clumps: float = 1.0,
    skew: float = 0.0,
) -> float:
    """The factor (nats) for a beginning within ``span``, with old pods that are hit ``skew`` seconds later.

    ``base`` is the usual rate; counts are worth 1 / ``clumps`` independent events.

    Five scrapes by hand, with a usual rate of 1 %. Each spans 15 s. The new pods' two have 90 bad ones of 300
    requests, then 180: it began half-way through the first of the two, at 22.5 s.

    >>> def scrape(since: float, bad: float, total: float = 300.0) -> Step:
    ...     return Step(at=since + 15, since=since, bad=bad, total=total, unclear=0.0, pod="", age=60.0)
    >>> new = [scrape(15, 90), scrape(30, 180)]

    An old pod's scrape spans 10 to 25 s. A sixth of that comes after 22.5 s, so an incident would have made
    59 % / 6 + 1 % = 11 % of its requests bad. With 3 of 300, as usual, the odds for one are
    3 · log(0.11 / 0.01) + 297 · log(0.89 / 0.99) = -24 nats at that moment. It may have begun up to two
    seconds later, which the new pods' counts make less likely; averaged over all moments it is ruled out.

    >>> round(log_bayes_factor(new, [scrape(10, 3)], (15, 30), 0.01), 1)
    -7.9

    With 33 bad ones, 33 · log(0.11 / 0.01) + 267 · log(0.89 / 0.99) = 51: one incident hit both.

    >>> round(log_bayes_factor(new, [scrape(10, 33)], (15, 30), 0.01), 1)
    50.2

    Of 10 requests, all of them well, 10 · log(0.89 / 0.99) = -1 leaves it open.

    >>> round(log_bayes_factor(new, [scrape(10, 0, 10)], (15, 30), 0.01), 1)
    -1.0
    """
    untouched = log_likelihood(old, math.inf, base, base)
    low, high = span
    explained: dict[float, tuple[float, float]] = {}

    def explain(moments: Iterable[float]) -> None:
        for moment in moments:
            rate = _rate(new, moment, base)
            seen = log_likelihood(new, moment, rate, base) / clumps
            beside = (log_likelihood(old, moment + skew, rate, base) - untouched) / clumps
            explained[moment] = (seen, seen + beside)

    width = (high - low) / GRID
    explain(low + width * index for index in range(GRID))
    # Where there are many requests the likelihood is sharper than the grid.
    for which in (0, 1):
        best = max(explained, key=lambda moment: explained[moment][which])
        around = (best + width * (index / FINE - 1) for index in range(1, 2 * FINE))
        explain(moment for moment in around if low <= moment < high)
    return _log_integral({m: both for m, (_, both) in explained.items()}) - _log_integral(
        {m: seen for m, (seen, _) in explained.items()}
    )


def _log_integral(values: Mapping[float, float]) -> float:
    """Log of the integral of exp(value) over the moments, by trapezoids."""
    moments = sorted(values)
    terms = [
        math.log((later - earlier) / 2) + value
        for earlier, later in pairwise(moments)
        for value in (values[earlier], values[later])
    ]
    return log_sum(terms)


def about(steps: Iterable[Step], low: float, high: float) -> list[Step]:
    """What was counted between these moments, scrape by scrape, and all that came later as one."""
    steps, edge = list(steps), high + SKEW
    near = [s for s in steps if s.at > low - ROUND and s.since < edge and s.total > 0]
    later = total(s for s in steps if s.since >= edge)
    if later.total > 0:
        near.append(Step(math.inf, edge, later.bad, later.total, 0.0, "", 0.0))
    return near


def due(state: SignalState, begun: Onset) -> bool:
    """Whether an old pod's scrape that would tell is to come.

    Each old pod that still serves is waited for once, and no longer than its own interval.
    """
    now = state.new_steps[-1].at
    return any(step.at < begun.high for step in serving(state.old_steps, now).values())


def _share(step: Step, moment: float) -> float:
    """The part of the scrape's time that lies after the moment."""
    length = step.at - step.since
    if length <= 0 or step.since >= moment:
        return 1.0 if step.at > moment else 0.0
    return min(1.0, max(0.0, (step.at - moment) / length))


def _open(step: Step, moment: float) -> bool:
    """Whether the moment lies in a pod's first scrape: what part of it is hit, nobody can tell."""
    return step.age < 0 and step.since < moment < step.at


def _rate(new: Sequence[Step], moment: float, base: float) -> float:
    after = [step for step in new if step.at > moment]
    told = [step for step in after if not _open(step, moment)] or after
    hit = sum(step.total * (1.0 if _open(step, moment) else _share(step, moment)) for step in told)
    bad = sum(step.bad for step in told)
    return clamp(max(base, bad / hit)) if hit > 0 else base


def log_likelihood(steps: Sequence[Step], moment: float, rate: float, base: float) -> float:
    """Of the scrapes' counts (nats), where the rate went from ``base`` to ``rate`` at that moment."""
    found = 0.0
    for step in steps:
        if _open(step, moment):
            mixed = clamp(step.bad / step.total)
        else:
            mixed = clamp(base + (rate - base) * _share(step, moment))
        found += step.bad * math.log(mixed) + (step.total - step.bad) * math.log(1 - mixed)
    return found
