"""The workers' queue: each workload at most once, at its earliest time; jobs and workloads take turns.

Neither kind can starve the other: where both are due, what was not taken last comes next. So a flood of
alerts delays the look at a failing release by a turn, and a busy fleet an alert by no more.

Several workers may take from it. What one of them works on nobody else is given until it is done, and a
namespace never has more of them than its share: whatever hangs there leaves workers for everybody else.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from daemon.core.model import WorkloadRef

MOST_JOBS = 64
"""Jobs that wait; what finds no room is turned away, for its sender can come again and memory cannot."""


class Job(Protocol):
    """Work of several turns. Nothing that a turn raises is caught."""

    @property
    def about(self) -> WorkloadRef | None:
        """The workload that the next turn works on, if it is one."""
        ...

    def step(self) -> bool:
        """Do one turn; ``True`` asks for another."""
        ...


class Turn(NamedTuple):
    """What a worker was given; it must be handed back with :meth:`WorkQueue.done`."""

    work: Job | WorkloadRef
    about: WorkloadRef | None
    """The workload that is nobody else's meanwhile."""


class _Wish(NamedTuple):
    due: float
    number: int
    ref: WorkloadRef


class WorkQueue:
    """Thread-safe. Times are monotonic seconds of the clock that is passed in; ``share`` is how many workers
    a namespace may have at once."""

    def __init__(self, monotonic: Callable[[], float], *, share: int = 1) -> None:
        self._monotonic = monotonic
        self._share = share
        self._condition = threading.Condition()
        self._due: dict[WorkloadRef, float] = {}
        self._order: list[_Wish] = []
        """A heap of all wishes; one that is not in ``_due`` with its time was overtaken by an earlier one."""
        self._numbers = itertools.count()
        self._jobs: deque[Job] = deque()
        self._job_was_last = False
        self._busy: set[WorkloadRef] = set()
        self._busy_in: Counter[str] = Counter()
        self._after: dict[WorkloadRef, _Wish] = {}
        """Due, and being worked on."""
        self._behind: defaultdict[str, deque[_Wish]] = defaultdict(deque)
        """Due, in a namespace that has its share."""
        self._closed = False

    def put(self, ref: WorkloadRef, pause: float = 0.0) -> None:
        """Ask for a workload in ``pause`` seconds; an earlier wish stands."""
        due = self._monotonic() + pause
        with self._condition:
            if due < self._due.get(ref, float("inf")):
                self._due[ref] = due
                heapq.heappush(self._order, _Wish(due, next(self._numbers), ref))
                self._condition.notify()

    @property
    def closed(self) -> bool:
        return self._closed

    def submit(self, job: Job) -> bool:
        """Ask for a job; whether it was taken: not where there is no room, nor once the queue is closed."""
        with self._condition:
            if self._closed or len(self._jobs) >= MOST_JOBS:
                return False
            self._jobs.append(job)
            self._condition.notify()
            return True

    def resubmit(self, job: Job) -> None:
        """Put a job that was taken behind the others, for its next turn. It had its room already."""
        with self._condition:
            self._jobs.append(job)
            self._condition.notify()

    def take(self, *, wait: bool = True) -> Turn | None:
        """What has the next turn; blocks until there is something, or the queue is closed (``None``)."""
        with self._condition:
            while not self._closed:
                pause = self._pause()
                due = pause is not None and pause <= 0
                job = None if due and self._job_was_last else self._free_job()
                if job is not None:
                    self._job_was_last = True
                    self._jobs.remove(job)
                    return self._begun(Turn(job, job.about))
                if due:
                    self._job_was_last = False
                    ref = heapq.heappop(self._order).ref
                    del self._due[ref]
                    return self._begun(Turn(ref, ref))
                if not wait:
                    return None
                self._condition.wait(pause)
            return None

    def done(self, turn: Turn) -> None:
        """The turn is over, however it ended."""
        ref = turn.about
        if ref is None:
            return
        with self._condition:
            self._busy.discard(ref)
            self._busy_in[ref.namespace] -= 1
            if not self._busy_in[ref.namespace]:
                del self._busy_in[ref.namespace]
            if (wish := self._after.pop(ref, None)) is not None:
                heapq.heappush(self._order, wish)
            self._next_behind(ref.namespace)
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _begun(self, turn: Turn) -> Turn:
        if turn.about is not None:
            self._busy.add(turn.about)
            self._busy_in[turn.about.namespace] += 1
        return turn

    def _free(self, ref: WorkloadRef) -> bool:
        return ref not in self._busy and self._busy_in[ref.namespace] < self._share

    def _free_job(self) -> Job | None:
        return next((job for job in self._jobs if job.about is None or self._free(job.about)), None)

    def _pause(self) -> float | None:
        """Seconds until the first workload is due that may be worked on; ``None`` without one."""
        while self._order:
            wish = self._order[0]
            pause = wish.due - self._monotonic()
            if self._stands(wish) and (pause > 0 or self._free(wish.ref)):
                return pause
            heapq.heappop(self._order)
            if self._stands(wish):
                self._put_aside(wish)
        return None

    def _stands(self, wish: _Wish) -> bool:
        return self._due.get(wish.ref) == wish.due

    def _put_aside(self, wish: _Wish) -> None:
        if wish.ref in self._busy:
            self._after[wish.ref] = wish
        else:
            self._behind[wish.ref.namespace].append(wish)

    def _next_behind(self, namespace: str) -> None:
        """A namespace has a worker to spare: its first one waiting may be taken again."""
        waiting = self._behind.get(namespace, deque())
        while waiting:
            wish = waiting.popleft()
            if self._stands(wish):
                heapq.heappush(self._order, wish)
                break
        if not waiting:
            self._behind.pop(namespace, None)
