"""Has the traffic changed? Counted in requests that go well: clients that try again are no traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daemon.core.signals.baseline import total
from daemon.core.signals.counters import Step
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.thresholds import LEAST_REQUESTS, MORE_GOOD_REQUESTS, MORE_REQUESTS, ROUND


class Shift(NamedTuple):
    """Requests per second, now and before the rollout."""

    now: float
    before: float


class _Rates(NamedTuple):
    """Per second and pod."""

    good: float = 0.0
    all: float = 0.0


def shift(state: SignalState, begun: Onset) -> Shift | None:
    """The shift in traffic since the failure began, where there is one."""
    baseline = state.baseline
    if baseline.seconds <= 0 or baseline.tally.total <= 0:
        return None
    # A pod's first scrape has no known length. Scrapes that lie in the failing time as a whole tell best.
    new = [step for step in state.new_steps if step.age >= 0 and step.since >= begun.low]
    new = [step for step in new if step.since >= begun.high] or new
    old = [step for step in state.old_steps if step.since >= begun.high]
    if sum(step.total for step in (*new, *old)) < LEAST_REQUESTS:
        return None
    now = _sum(_rates(new), len({s.pod for s in state.new_steps if s.at > state.new_steps[-1].at - ROUND}))
    beside = _sum(_rates(old), len({step.pod for step in old}))
    before, good = baseline.tally.total / baseline.seconds, baseline.good_per_second
    requests = now.all + beside.all
    shifted = requests >= MORE_REQUESTS * before and now.good + beside.good >= MORE_GOOD_REQUESTS * good
    return Shift(requests, before) if shifted else None


def _rates(steps: Sequence[Step]) -> _Rates:
    seconds = sum(step.at - step.since for step in steps)
    if seconds <= 0:
        return _Rates()
    found = total(steps)
    return _Rates((found.total - found.bad) / seconds, found.total / seconds)


def _sum(rates: _Rates, pods: int) -> _Rates:
    return _Rates(rates.good * pods, rates.all * pods)
