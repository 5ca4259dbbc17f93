"""On each failing family: is any peer's rule faster that holds one per cent of false alarms?

What "holds" means can be read in three ways, from the one that lets the most rules in to the strictest:

* ``plain``: on unchanged healthy releases of the same traffic (of the nearest level, where there is none);
* ``same traffic``: on every healthy family of the same traffic, the bursty and badly scraped ones as well;
* ``everywhere``: on every healthy family.

Signals are kept apart, for an operator sets a rule up for each of them. Premature alarms are not detections.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from daemon.core.value import Value

from .families import Group
from .scoring import ORACLE, OURS, FamilyScore
from .targets import FALSE_ALARMS

READINGS = ("plain", "same traffic", "everywhere")
PROMISED = ("same traffic", "everywhere")
"""The readings by which no peer may be faster."""


class Faster(Value, frozen=True):
    """A peer's rule that beats ours on one family. Medians in seconds; ``None``: most runs not found."""

    reading: str
    family: str
    rule: str
    theirs: float
    ours: float | None


class Comparison(Value, frozen=True):
    """By reading: how many failing families had a rival at all, and who was faster."""

    families: int
    contested: dict[str, int]
    faster: tuple[Faster, ...]


def compare(scores: Sequence[FamilyScore], rules: Sequence[str]) -> Comparison:
    failing = [score for score in scores if score.group is Group.FAILING and score.promised]
    contested, faster = dict.fromkeys(READINGS, 0), []
    for score in failing:
        for reading in READINGS:
            rivals = [rule for rule in rules if _holds(rule, score, reading, scores)]
            known = [(score.rules[rule].median, rule) for rule in rivals]
            best = min(((median, rule) for median, rule in known if median is not None), default=None)
            if best is None:
                continue
            contested[reading] += 1
            ours = score.rules[OURS].median
            if best[0] < (math.inf if ours is None else ours):
                faster.append(
                    Faster(reading=reading, family=score.name, rule=best[1], theirs=best[0], ours=ours)
                )
    return Comparison(families=len(failing), contested=contested, faster=tuple(faster))


def _holds(rule: str, score: FamilyScore, reading: str, scores: Sequence[FamilyScore]) -> bool:
    if rule in {OURS, ORACLE}:
        return False
    against = list(_healthy_beside(score, reading, scores))
    return bool(against) and all(healthy.rules[rule].alarms.share <= FALSE_ALARMS for healthy in against)


def _healthy_beside(score: FamilyScore, reading: str, scores: Sequence[FamilyScore]) -> Iterator[FamilyScore]:
    healthy = [
        one for one in scores if one.group is Group.HEALTHY and one.promised and one.signal == score.signal
    ]
    if reading == "everywhere":
        yield from healthy
        return
    if reading == "plain":
        healthy = [one for one in healthy if one.note == "nothing changed"]
    nearest = min(
        (abs(math.log(one.traffic / score.traffic)) for one in healthy if one.traffic > 0), default=math.inf
    )
    for one in healthy:
        if one.traffic > 0 and abs(math.log(one.traffic / score.traffic)) <= nearest + 1e-9:
            yield one
