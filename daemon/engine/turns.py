"""Spreads what costs a call for each workload, so that a resync of a large fleet does not keep the worker."""

from __future__ import annotations

import math
import threading

from daemon.core.model import WorkloadRef


class Turns:
    """Gives each workload a turn every ``every`` seconds at most, and turns at least ``apart`` seconds apart.

    Asked by several workers; times are monotonic seconds.
    """

    def __init__(self, *, every: float, apart: float) -> None:
        self._every = every
        self._apart = apart
        self._lock = threading.Lock()
        self._free_at = -math.inf
        self._due: dict[WorkloadRef, float] = {}
        self._promised: dict[WorkloadRef, float] = {}

    def wait(self, ref: WorkloadRef, now: float) -> float:
        """Seconds until the workload's turn. 0: it is now, and is taken; ``inf``: it had one lately."""
        with self._lock:
            at = self._promised.get(ref)
            if at is None:
                if now < self._due.get(ref, -math.inf):
                    return math.inf
                at = max(now, self._free_at)
                self._free_at = at + self._apart
            if now < at:
                self._promised[ref] = at
                return at - now
            self._promised.pop(ref, None)
            self._due[ref] = now + self._every
            return 0.0

    def forget(self, ref: WorkloadRef) -> None:
        with self._lock:
            self._promised.pop(ref, None)
            self._due.pop(ref, None)
