"""From single runs to the figures of a family: shares with their intervals, delays, attributions, costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from daemon.core.value import Value

from .families import Family, Group
from .oracle import ALPHA, best_by, best_median
from .scene import SCRAPE

OURS = "rollbackd"
ORACLE = "best-sequential"


class Run(NamedTuple):
    """One record's outcome. Times in seconds from the rollout's start; rules without alarm are left out."""

    onset: float | None
    first_full: float | None
    end: float
    alarms: dict[str, float]
    decided: float | None
    """When the deciding sample of our rollback was scraped; ``alarms`` has when a poll would see it."""
    attribution: str
    """What we laid it to, when failing; empty where we never found it failing."""
    seconds: float
    """Processor time of the judgements."""
    judged: int
    """Judgements: moments after the rollout at which samples came."""


class Share(Value, frozen=True):
    """So many of so many, with the interval of Clopper and Pearson (1934) at 95 %."""

    count: int
    runs: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, count: int, runs: int) -> Share:
        low, high = clopper_pearson(count, runs)
        share = count / runs if runs else 0.0
        return cls(count=count, runs=runs, share=round(share, 5), low=round(low, 5), high=round(high, 5))


class RuleScore(Value, frozen=True):
    """One rule on one family. Delays in seconds from the onset; ``None`` where that share was not found."""

    alarms: Share
    """Runs with a rollback at any time: false ones, unless the family is failing."""
    found: Share | None = None
    """Of a failing family: runs rolled back at the onset or later."""
    premature: int = 0
    median: float | None = None
    p95: float | None = None


class Steps(Value, frozen=True):
    """A failing family in scrapes, each share being of all runs: of us, and of the best possible test."""

    first: Share
    second: Share
    median: int | None
    p95: int | None
    best_first: float | None = None
    best_second: float | None = None
    best_median: int | None = None


class FamilyScore(Value, frozen=True):
    name: str
    group: Group
    note: str
    traffic: float
    signal: str
    promised: bool
    runs: int
    rules: dict[str, RuleScore]
    scrapes: Steps | None
    attribution: dict[str, int]
    microseconds: float
    """Processor time for one judgement of ours."""


@cache
def clopper_pearson(count: int, runs: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval for a share, by bisection on the binomial tails."""
    if runs == 0:
        return 0.0, 1.0
    rest = (1 - level) / 2
    low = 0.0 if count == 0 else _solve(lambda p: 1 - _below(count - 1, runs, p), rest, rising=True)
    high = 1.0 if count == runs else _solve(lambda p: _below(count, runs, p), rest, rising=False)
    return low, high


def _solve(probability: Callable[[float], float], wanted: float, *, rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if (probability(middle) < wanted) is rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(count: int, runs: int, p: float) -> float:
    """P(at most ``count`` of ``runs``)."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return float(count >= runs)
    terms = [
        math.lgamma(runs + 1)
        - math.lgamma(k + 1)
        - math.lgamma(runs - k + 1)
        + k * math.log(p)
        + (runs - k) * math.log1p(-p)
        for k in range(count + 1)
    ]
    peak = max(terms)
    return min(1.0, math.exp(peak) * sum(math.exp(term - peak) for term in terms))


class Overall(Value, frozen=True):
    """One rule on the whole corpus; families that no promise holds for are left out."""

    healthy: Share
    """Healthy releases rolled back."""
    over: int
    """Healthy families in which more than one per cent were."""
    worst: float
    """The largest share of any healthy family."""
    found: Share
    median: float | None
    p95: float | None
    """Of the delay over all failing runs, in seconds."""
    incidents: Share
    """Incidents of the infrastructure rolled back."""


def overall(rule: str, corpus: Sequence[tuple[Family, Sequence[Run]]]) -> Overall:
    healthy, failing, incidents = (
        [runs for family, runs in corpus if family.group is group and family.promised] for group in Group
    )
    false = [_alarms(rule, runs) for runs in healthy]
    delays = [delay for runs in failing for delay in _delays(rule, runs)]
    return Overall(
        healthy=Share.of(sum(share.count for share in false), sum(share.runs for share in false)),
        over=sum(share.share > 0.01 for share in false),
        worst=max((share.share for share in false), default=0.0),
        found=Share.of(sum(delay < math.inf for delay in delays), len(delays)),
        median=_quantile(delays, 0.5),
        p95=_quantile(delays, 0.95),
        incidents=_alarms(rule, [run for runs in incidents for run in runs]),
    )


def score(family: Family, runs: Sequence[Run], rules: Sequence[str]) -> FamilyScore:
    failing = family.group is Group.FAILING
    return FamilyScore(
        name=family.name,
        group=family.group,
        note=family.note,
        traffic=family.traffic,
        signal=family.signal,
        promised=family.promised,
        runs=len(runs),
        rules={rule: _rule_score(rule, runs, failing=failing) for rule in rules if _has(rule, family)},
        scrapes=_steps(family, runs) if failing else None,
        attribution=dict(sorted(Counter(run.attribution or "not found" for run in runs).items())),
        microseconds=round(
            1e6 * sum(run.seconds for run in runs) / max(1, sum(run.judged for run in runs)), 1
        ),
    )


def _microseconds(runs: Sequence[Run]) -> float:
    return 1e6 * sum(run.seconds for run in runs) / max(1, sum(run.judged for run in runs))


def _has(rule: str, family: Family) -> bool:
    return rule != ORACLE or family.known_rate is not None


def _rule_score(rule: str, runs: Sequence[Run], *, failing: bool) -> RuleScore:
    alarms = _alarms(rule, runs)
    if not failing:
        return RuleScore(alarms=alarms)
    delays = _delays(rule, runs)
    found = sum(delay < math.inf for delay in delays)
    return RuleScore(
        alarms=alarms,
        found=Share.of(found, len(runs)),
        premature=alarms.count - found,
        median=_quantile(delays, 0.5),
        p95=_quantile(delays, 0.95),
    )


def _alarms(rule: str, runs: Sequence[Run]) -> Share:
    return Share.of(sum(run.alarms.get(rule, math.inf) <= run.end for run in runs), len(runs))


def _delays(rule: str, runs: Sequence[Run]) -> list[float]:
    """Seconds from the onset; infinite where it was not found, or rolled back too early."""
    return [_delay(run, run.alarms.get(rule, math.inf)) for run in runs]


def _delay(run: Run, at: float) -> float:
    return at - run.onset if run.onset is not None and run.onset <= at <= run.end else math.inf


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that so many do not exceed; ``None`` where it is infinite."""
    if not values:
        return None
    value = float(np.sort(np.array(values))[min(len(values) - 1, math.ceil(share * len(values)) - 1)])
    return round(value, 2) if value < math.inf else None


def _steps(family: Family, runs: Sequence[Run]) -> Steps:
    counts = [_scrapes(run) for run in runs]
    rate, limit, traffic = family.known_rate, family.limit, family.traffic
    median, p95 = _quantile(counts, 0.5), _quantile(counts, 0.95)
    return Steps(
        first=Share.of(sum(count <= 1 for count in counts), len(runs)),
        second=Share.of(sum(count <= 2 for count in counts), len(runs)),
        median=None if median is None else int(median),
        p95=None if p95 is None else int(p95),
        best_first=None if rate is None else round(best_by(rate, limit, traffic, 1, ALPHA), 4),
        best_second=None if rate is None else round(best_by(rate, limit, traffic, 2, ALPHA), 4),
        best_median=None if rate is None else best_median(rate, limit, traffic, ALPHA),
    )


def _scrapes(run: Run) -> float:
    """By which full scrape of all new pods it was decided; infinite where it was not, or too early."""
    if run.decided is None or run.onset is None or run.first_full is None or run.decided < run.onset:
        return math.inf
    return 1 + max(0, math.ceil((run.decided - run.first_full) / SCRAPE))
