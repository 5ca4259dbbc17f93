"""Which test a scrape is for: of a pod that starts, one that warms up as configured, or any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from itertools import groupby

from daemon.core.policy import SignalPolicy
from daemon.core.signals.counters import Step
from daemon.core.signals.startup import Startup
from daemon.core.thresholds import ROUND


class PodStage(IntEnum):
    SETTLED = 0
    WARMING = 1
    """An outage alone counts: the policy says so."""
    STARTING = 2
    """What counts is whether it is worse than its predecessors' starts."""


Starts = Callable[[Step], bool]
"""Whether a step belongs to its pod's start, and is judged as such."""


def starts_by(startup: Startup, policy: SignalPolicy, young: Iterable[Step]) -> Starts:
    """By what is learnt, of pods seen from their birth on. A configured warm-up comes first."""
    born = frozenset([step.pod for step in young if step.age < 0])
    return lambda step: step.pod in born and not _warms(step, policy) and startup.covers(step)


def by_stage(
    steps: list[Step], started_at: float, policy: SignalPolicy, starts: Starts | None
) -> list[tuple[list[Step], PodStage]]:
    """The steps, oldest first, by the points of the trail, each one round of scrapes, and by stage."""
    same_round = (steps[0].at - started_at) // ROUND == (steps[-1].at - started_at) // ROUND
    if starts is None and not policy.warmup and same_round:
        return [(steps, PodStage.SETTLED)]
    parts = groupby(steps, lambda step: ((step.at - started_at) // ROUND, _stage(step, policy, starts)))
    return [(list(group), stage) for (_, stage), group in parts]


def since_birth(steps: Sequence[Step], young: Iterable[Step], starts: Starts) -> list[Step]:
    """The first steps after the start with those of the start before them: one that was well needs no excuse,
    and is the good beginning that it would be without predecessors."""
    end = steps[-1].at
    return sorted([*[step for step in young if step.at <= end and starts(step)], *steps])


def _stage(step: Step, policy: SignalPolicy, starts: Starts | None) -> PodStage:
    if _warms(step, policy):
        return PodStage.WARMING
    return PodStage.STARTING if starts is not None and starts(step) else PodStage.SETTLED


def _warms(step: Step, policy: SignalPolicy) -> bool:
    return policy.warmup > 0 and step.age < policy.warmup
