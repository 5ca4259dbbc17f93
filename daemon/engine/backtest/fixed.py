"""The rule that most people would have: a fixed threshold, looked at every so often.

It is Argo Rollouts' analysis with ``interval: 15s``, ``failureLimit: 3`` and the query
``sum(rate(bad[1m])) / sum(rate(total[1m]))`` over the new pods, one metric for each signal: a measurement
over the limit has failed, and the fourth failed one of a metric rolls back, however many good ones lie
between. Two readings favour the rule: without requests a measurement has not failed (Argo's NaN has), and bad
events without a series are zero (Argo's empty result is an error, of which the fifth in a row aborts).

As with ``rate()``, a pod counts from its second scrape in the window on, and a counter that fell was reset.
The extrapolation to the window's ends is left out: in the quotient it cancels, but for pods that were scraped
through less of the window than others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from daemon.core.policy import SignalPolicy

WINDOW = 60.0
INTERVAL = 15.0
FAILURE_LIMIT = 3


class _Grown(NamedTuple):
    """A pod's counters at a time, without their resets."""

    at: float
    bad: float
    total: float


class _Counters:
    """One pod's newest scrapes."""

    def __init__(self) -> None:
        self._bad = self._total = 0.0
        self._grown: deque[_Grown] = deque()

    def take(self, at: float, bad: float, total: float) -> None:
        last = self._grown[-1] if self._grown else _Grown(at, 0.0, 0.0)
        grown_bad = last.bad + (bad - self._bad if bad >= self._bad else bad)
        grown_total = last.total + (total - self._total if total >= self._total else total)
        self._bad, self._total = bad, total
        self._grown.append(_Grown(at, grown_bad, grown_total))

    def increase(self, at: float) -> tuple[float, float]:
        """Bad and all events in the window that ends now; looks go forward only."""
        while self._grown and self._grown[0].at <= at - WINDOW and len(self._grown) > 1:
            self._grown.popleft()
        inside = [one for one in self._grown if at - WINDOW < one.at <= at]
        if len(inside) < 2:
            return 0.0, 0.0
        return inside[-1].bad - inside[0].bad, inside[-1].total - inside[0].total


class FixedRule:
    """Takes the new pods' scrapes in the order of time; the first look is an interval after the start."""

    def __init__(self, signals: Sequence[SignalPolicy], started_at: float) -> None:
        self._limits = {signal.name: signal.limit for signal in signals}
        self._failed = dict.fromkeys(self._limits, 0)
        self._pods: dict[str, dict[str, _Counters]] = {name: {} for name in self._limits}
        self._look = started_at + INTERVAL
        self.rolled_back_at: float | None = None

    def take(self, signal: str, pod: str, at: float, bad: float | None, total: float) -> None:
        self.pass_time(at)
        bad = bad or 0.0
        if signal in self._pods and math.isfinite(bad) and math.isfinite(total):
            self._pods[signal].setdefault(pod, _Counters()).take(at, bad, total)

    def pass_time(self, to: float) -> None:
        """Look as often as was due before ``to``."""
        while self._look < to and self.rolled_back_at is None:
            for name, limit in self._limits.items():
                self._failed[name] += self._share(name) > limit
            if max(self._failed.values(), default=0) > FAILURE_LIMIT:
                self.rolled_back_at = self._look
            self._look += INTERVAL

    def _share(self, signal: str) -> float:
        increases = [pod.increase(self._look) for pod in self._pods[signal].values()]
        total = sum(events for _, events in increases)
        return sum(bad for bad, _ in increases) / total if total > 0 else 0.0
