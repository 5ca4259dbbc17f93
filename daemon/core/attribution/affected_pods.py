"""How a failure is spread over the new pods: a release breaks all of them, a node or a bad start one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from daemon.core.attribution.common_cause import baseline_rate
from daemon.core.signals.counters import Step, serving
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.statistics.counts import Tally
from daemon.core.statistics.likelihood import clamp, scale_odds
from daemon.core.thresholds import CLEAR, HALF_AN_EVENT, ROUND


class Spread(NamedTuple):
    hit: tuple[str, ...]
    spared: tuple[str, ...]
    pods: int
    tally: Tally
    """Of the pods that are hit."""

    @property
    def partial(self) -> bool:
        """Whether no more pods are hit than are clearly spared."""
        return 0 < len(self.hit) <= len(self.spared)


def spread(state: SignalState, begun: Onset) -> Spread:
    """Which of the new pods the failure hits since it began."""
    pods = _tallies(step for step in state.new_steps if step.at > begun.low)
    ordinary = baseline_rate(state)
    worst = max(((t.bad + HALF_AN_EVENT) / (t.total + 2 * HALF_AN_EVENT) for t in pods.values()), default=0.0)
    hit = tuple(sorted(pod for pod, tally in pods.items() if log_alike(tally, worst, ordinary) > CLEAR))
    between = _between(worst, ordinary)
    spared = tuple(
        sorted(
            pod
            for pod, tally in pods.items()
            if log_alike(tally, max(tally.rate or 0.0, between), ordinary) < -CLEAR
        )
    )
    return Spread(hit, spared, len(pods), sum((pods[pod] for pod in hit), Tally()))


def others_due(state: SignalState) -> bool:
    """Whether one new pod alone has been seen, and others must be serving that were not scraped yet.

    They must where the pods that are seen, old and new, are fewer than served before the rollout. Waited for
    no longer than a round of scrapes.
    """
    steps = [step for step in state.new_steps if step.total > 0]
    if not steps or len({step.pod for step in steps}) > 1:
        return False
    now, first = steps[-1].at, steps[0].at
    return now < first + ROUND and 1 + len(serving(state.old_steps, now)) < state.baseline.pods


def _tallies(steps: Iterable[Step]) -> dict[str, Tally]:
    pods: dict[str, Tally] = {}
    for step in steps:
        if step.total > 0:
            pods[step.pod] = pods.get(step.pod, Tally()) + Tally(bad=step.bad, total=step.total)
    return pods


def _between(worst: float, ordinary: float) -> float:
    """The rate half-way in log odds: a pod that is not even hit by that much is spared."""
    worst, ordinary = clamp(worst), clamp(ordinary)
    ratio = worst / (1 - worst) / (ordinary / (1 - ordinary))
    return scale_odds(ordinary, math.sqrt(ratio))


def log_alike(seen: Tally, failing: float, ordinary: float) -> float:
    """Log likelihood ratio (nats) of the failing rate against the ordinary one."""
    alike, ordinary = clamp(failing), clamp(ordinary)
    if alike <= ordinary:
        return 0.0
    good = seen.total - seen.bad
    return seen.bad * math.log(alike / ordinary) + good * math.log((1 - alike) / (1 - ordinary))
