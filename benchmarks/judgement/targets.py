"""The figures that must be reached, and which of them a benchmark's scores miss.

With the full form's numbers of runs a figure is taken as measured. The quick form has too few runs for that:
there a figure is missed when its 95 % interval rules the promise out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from daemon.core.value import Value

from .failing import step_name
from .families import Group
from .oracle import best_by
from .scoring import OURS, FamilyScore, Share, Steps

FALSE_ALARMS = 0.01
FALSE_ALARMS_AT_MOST = 0.02
"""For the upper end of the interval."""
INCIDENTS = 0.02
MINUTES = 600.0
SPEED_MS = 100.0
"""1,000 workloads with four signals each, judged once."""


class Target(Value, frozen=True):
    """``best`` is what the most powerful test of 1 % error reaches; ``None`` where that is not defined."""

    what: str
    family: str
    wanted: str
    measured: str
    met: bool
    best: str = ""


class _Step(Value, frozen=True):
    rate: float
    traffic: float
    figure: Literal["first", "second", "found", "median scrapes", "median seconds"]
    bound: float


_STEPS = (
    _Step(rate=0.2, traffic=5.0, figure="first", bound=0.80),
    _Step(rate=0.2, traffic=5.0, figure="second", bound=0.99),
    _Step(rate=0.2, traffic=10.0, figure="first", bound=0.99),
    _Step(rate=0.2, traffic=20.0, figure="first", bound=0.99),
    _Step(rate=0.2, traffic=50.0, figure="first", bound=0.99),
    _Step(rate=0.2, traffic=200.0, figure="first", bound=0.99),
    _Step(rate=0.2, traffic=1000.0, figure="first", bound=0.99),
    _Step(rate=0.1, traffic=5.0, figure="median scrapes", bound=4),
    _Step(rate=0.1, traffic=20.0, figure="median scrapes", bound=2),
    _Step(rate=0.06, traffic=50.0, figure="found", bound=0.99),
    _Step(rate=0.06, traffic=50.0, figure="median seconds", bound=150),
    _Step(rate=0.06, traffic=20.0, figure="found", bound=0.90),
    _Step(rate=0.5, traffic=1.0, figure="first", bound=0.85),
    _Step(rate=1.0, traffic=0.5, figure="first", bound=0.95),
)


def targets(scores: Sequence[FamilyScore], milliseconds: float | None, *, full: bool) -> list[Target]:
    """Every figure that these scores tell of; families that were not run are left out."""
    by_name = {score.name: score for score in scores}
    found = [*_false_alarms(scores, full), *_detection(by_name, full), *_incidents(scores, full)]
    if milliseconds is not None:
        found.append(
            Target(
                what="1,000 workloads with 4 signals judged, one core",
                family="",
                wanted=f"≤ {SPEED_MS:g} ms",
                measured=f"{milliseconds:.0f} ms",
                met=milliseconds <= SPEED_MS,
            )
        )
    return found


def _false_alarms(scores: Sequence[FamilyScore], full: bool) -> Iterator[Target]:
    for score in scores:
        if score.group is Group.HEALTHY and score.promised:
            alarms = score.rules[OURS].alarms
            met = alarms.share <= FALSE_ALARMS and alarms.high <= FALSE_ALARMS_AT_MOST
            yield Target(
                what="healthy release rolled back",
                family=score.name,
                wanted="≤ 1 %, upper bound ≤ 2 %",
                measured=_interval(alarms),
                met=met if full else alarms.low <= FALSE_ALARMS,
            )


def _incidents(scores: Sequence[FamilyScore], full: bool) -> Iterator[Target]:
    for score in scores:
        if score.group is Group.INFRASTRUCTURE and score.promised:
            alarms = score.rules[OURS].alarms
            yield Target(
                what="incident that the release did not cause, rolled back",
                family=score.name,
                wanted="≤ 2 %",
                measured=_interval(alarms),
                met=(alarms.share if full else alarms.low) <= INCIDENTS,
            )


def _detection(scores: Mapping[str, FamilyScore], full: bool) -> Iterator[Target]:
    for step in _STEPS:
        for before in (0.002, 0.01):
            score = scores.get(step_name(step.rate, step.traffic, before))
            if score is not None and score.scrapes is not None:
                yield _step_target(step, score, score.scrapes, full)


def _step_target(step: _Step, score: FamilyScore, scrapes: Steps, full: bool) -> Target:
    ours = score.rules[OURS]
    if step.figure in {"median scrapes", "median seconds"}:
        in_scrapes = step.figure == "median scrapes"
        value = scrapes.median if in_scrapes else ours.median
        unit = "scrapes" if in_scrapes else "s"
        best = scrapes.best_median
        return Target(
            what=f"{step.rate:.0%} errors, median delay",
            family=score.name,
            wanted=f"≤ {step.bound:g} {unit}",
            measured="not found" if value is None else f"{value:.0f} {unit}",
            met=value is not None and value <= step.bound,
            best="" if best is None else f"{best} scrape{'s' * (best != 1)}",
        )
    share = {"first": scrapes.first, "second": scrapes.second, "found": ours.found or ours.alarms}[
        step.figure
    ]
    rounds = {"first": 1, "second": 2, "found": 40}[step.figure]
    words = {"first": "at the first full scrape", "second": "by the second", "found": "within 10 minutes"}
    return Target(
        what=f"{step.rate:.0%} errors, found {words[step.figure]}",
        family=score.name,
        wanted=f"≥ {step.bound:.0%}",
        measured=_interval(share),
        met=(share.share if full else share.high) >= step.bound,
        best=f"{best_by(step.rate, 0.05, step.traffic, rounds):.1%}",
    )


def _interval(share: Share) -> str:
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
