"""The worker's queue: each workload at most once, at its earliest time; jobs and workloads take turns.

Neither kind can starve the other: where both are due, what was not taken last comes next. So a flood of
alerts delays the look at a failing release by a turn, and a busy fleet an alert by no more.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable

from daemon.core.model import WorkloadRef

Job = Callable[[], bool]
"""A turn's work; ``True`` asks for another turn. Nothing it raises is caught."""
MOST_JOBS = 64
"""Jobs that wait; what finds no room is turned away, for its sender can come again and memory cannot."""


class WorkQueue:
    """Thread-safe. Times are monotonic seconds of the clock that is passed in."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._condition = threading.Condition()
        self._due: dict[WorkloadRef, float] = {}
        self._order: list[tuple[float, int, WorkloadRef]] = []
        """A heap of all wishes; one that is not in ``_due`` with its time was overtaken by an earlier one."""
        self._wishes = itertools.count()
        self._jobs: deque[Job] = deque()
        self._job_was_last = False
        self._closed = False

    def put(self, ref: WorkloadRef, pause: float = 0.0) -> None:
        """Ask for a workload in ``pause`` seconds; an earlier wish stands."""
        due = self._monotonic() + pause
        with self._condition:
            if due < self._due.get(ref, float("inf")):
                self._due[ref] = due
                heapq.heappush(self._order, (due, next(self._wishes), ref))
                self._condition.notify()

    def submit(self, job: Job) -> bool:
        """Ask for a job; whether there was room for it."""
        with self._condition:
            if len(self._jobs) >= MOST_JOBS:
                return False
            self._jobs.append(job)
            self._condition.notify()
            return True

    def resubmit(self, job: Job) -> None:
        """Put a job that was taken behind the others, for its next turn. It had its room already."""
        with self._condition:
            self._jobs.append(job)
            self._condition.notify()

    def take(self, *, wait: bool = True) -> Job | WorkloadRef | None:
        """What has the next turn; blocks until there is something, or the queue is closed (``None``)."""
        with self._condition:
            while not self._closed:
                pause = self._pause()
                due = pause is not None and pause <= 0
                if self._jobs and not (due and self._job_was_last):
                    self._job_was_last = True
                    return self._jobs.popleft()
                if due:
                    self._job_was_last = False
                    return self._pop()
                if not wait:
                    return None
                self._condition.wait(pause)
            return None

    def _pause(self) -> float | None:
        """Seconds until the first workload is due; ``None`` without one."""
        while self._order:
            due, _, ref = self._order[0]
            if self._due.get(ref) == due:
                return due - self._monotonic()
            heapq.heappop(self._order)
        return None

    def _pop(self) -> WorkloadRef:
        _, _, ref = heapq.heappop(self._order)
        del self._due[ref]
        return ref

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()
