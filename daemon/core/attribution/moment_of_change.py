"""Was a pod well until the change, though the scrape in which it began to fail spans the change?

A scrape tells how many requests failed in its interval, and so, with the rate of the scrapes after it, how
much of the interval the failure had: 30 bad ones of 300 at a rate of 40 % are its last quarter.
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.core.attribution.common_cause import about, baseline_rate, log_likelihood
from daemon.core.signals.baseline import total
from daemon.core.signals.counters import Step
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.thresholds import GRID, SKEW, VERY_STRONG


def well_until(state: SignalState, begun: Onset, changed_at: float) -> bool:
    """Whether every pod's own counts rule out that it failed ahead of the change (Unix seconds).

    The generalised likelihood ratio (Neyman and Pearson, 1928) of the moments from the change on against
    those before it, for each pod alone: an incident may hit one pod ahead of the others, and one that cannot
    tell leaves it open for all.
    """
    if not begun.low < changed_at - SKEW < begun.high:
        return begun.low >= changed_at - SKEW
    # What came later is one step of no pod's.
    pods = {step.pod for step in about(state.new_steps, begun.low, begun.high)} - {""}
    return bool(pods) and all(_was_well(state, begun, changed_at, pod) for pod in pods)


def _was_well(state: SignalState, begun: Onset, changed_at: float, pod: str) -> bool:
    steps = [step for step in state.new_steps if step.pod == pod]
    base, later = baseline_rate(state), total(step for step in steps if step.since >= begun.high)
    rate = max(base, begun.failing if later.rate is None else later.rate)
    own = about(steps, begun.low, begun.high)
    before = _best(own, _moments(begun.low, changed_at - SKEW), rate, base)
    since = _best(own, _moments(min(changed_at, begun.high), begun.high), rate, base)
    return (since - before) / state.baseline.clumps >= VERY_STRONG


def _moments(low: float, high: float) -> list[float]:
    return [low + (high - low) * part / GRID for part in range(GRID + 1)]


def _best(own: Sequence[Step], moments: Sequence[float], rate: float, base: float) -> float:
    return max(log_likelihood(own, moment, rate, base) for moment in moments)
