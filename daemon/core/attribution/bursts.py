"""Does the failure last? A failover, a lost node, a lock: much of what goes wrong passes by itself, and no
rollback would have helped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from daemon.core.attribution.affected_pods import log_alike
from daemon.core.attribution.common_cause import baseline_rate
from daemon.core.signals.baseline import total
from daemon.core.signals.counters import Step
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.statistics.counts import Tally
from daemon.core.statistics.likelihood import clamp
from daemon.core.thresholds import BURST, CLEAR, HALF_AN_EVENT, NEWEST_STEPS, OPENING, PASSED


def has_passed(state: SignalState, begun: Onset) -> bool:
    """Whether the newest scrapes are under the bound, and look more like the usual than like the failure."""
    spread, ordinary = state.baseline.clumps, baseline_rate(state)
    steps = [step for step in state.new_steps if step.at > begun.low and step.total > 0]
    bad, events = sum([step.bad for step in steps]), sum([step.total for step in steps])
    tail_bad = tail_events = 0.0
    for step in reversed(steps[1:][-NEWEST_STEPS:]):
        tail_bad, tail_events = tail_bad + step.bad, tail_events + step.total
        if tail_bad > state.bounds.bound * tail_events:
            continue
        failing = (bad - tail_bad) / (events - tail_events)
        tail = Tally(bad=tail_bad / spread, total=tail_events / spread)
        if log_alike(tail, failing, ordinary) < -PASSED:
            return True
    return False


def may_pass(state: SignalState, begun: Onset) -> bool:
    """Whether the failure began after a good opening, and no scrape shows yet that it outlasts a burst."""
    first_at = state.rounds.first_at
    if first_at is None or begun.low <= first_at + OPENING:
        return False
    end = begun.surely + BURST
    later = [step for step in state.new_steps if step.at > end and step.total > 0]
    return _outlasted(later, end, _full_rate(state, begun, end), baseline_rate(state)) <= CLEAR


def _full_rate(state: SignalState, begun: Onset, end: float) -> float:
    """The rate in the scrapes that lie within the failure; the first ones are only hit in part."""
    full = total(step for step in state.new_steps if step.since >= begun.high and step.at <= end)
    if full.total <= 0:
        return begun.failing
    return max(begun.failing, (full.bad + HALF_AN_EVENT) / (full.total + 2 * HALF_AN_EVENT))


def _outlasted(steps: Sequence[Step], end: float, failing: float, ordinary: float) -> float:
    """Log likelihood ratio (nats) of a failure that goes on against one that was over at ``end``."""
    found, failing, ordinary = 0.0, clamp(failing), clamp(ordinary)
    for step in steps:
        before = max(0.0, end - step.since) / (step.at - step.since) if step.at > step.since else 0.0
        mixed = ordinary + (failing - ordinary) * before
        found += step.bad * math.log(failing / mixed)
        found += (step.total - step.bad) * math.log((1 - failing) / (1 - mixed))
    return found
