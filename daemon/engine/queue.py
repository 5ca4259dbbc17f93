"""The worker's queue: each workload at most once, at its earliest time; jobs before workloads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from daemon.core.model import WorkloadRef
from daemon.ports import CaseStore, PortError

Job = Callable[[], None]


class WorkQueue:
    """Thread-safe. Times are monotonic seconds of the clock that is passed in."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._condition = threading.Condition()
        self._due: dict[WorkloadRef, float] = {}
        self._jobs: deque[Job] = deque()
        self._closed = False

    def put(self, ref: WorkloadRef, pause: float = 0.0) -> None:
        """Ask for a workload in ``pause`` seconds; an earlier wish stands."""
        due = self._monotonic() + pause
        with self._condition:
            self._due[ref] = min(due, self._due.get(ref, due))
            self._condition.notify()

    def submit(self, job: Job) -> None:
        with self._condition:
            self._jobs.append(job)
            self._condition.notify()

    def take(self, *, wait: bool = True) -> Job | WorkloadRef | None:
        """What is due first; blocks until there is something, or the queue is closed (``None``)."""
        with self._condition:
            while not self._closed:
                if self._jobs:
                    return self._jobs.popleft()
                ref, pause = self._next()
                if ref is not None and pause <= 0:
                    del self._due[ref]
                    return ref
                if not wait:
                    return None
                self._condition.wait(pause if ref is not None else None)
            return None

    def _next(self) -> tuple[WorkloadRef | None, float]:
        if not self._due:
            return None, 0.0
        ref = min(self._due, key=lambda item: self._due[item])
        return ref, self._due[ref] - self._monotonic()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()


def put_case(queue: WorkQueue, store: CaseStore, namespace: str, name: str) -> None:
    """Somebody else wrote a case: have its workload looked at."""
    try:
        found = next((c for c in store.cases() if (c.namespace, c.name) == (namespace, name)), None)
    except PortError:
        # Not listed yet: the first look at every workload is still to come.
        return
    if found is not None:
        queue.put(found.ref)
