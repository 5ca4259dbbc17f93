"""Real threads at the queue: what hangs in one place keeps nobody else waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from daemon.adapters.clock import SystemClock
from daemon.core.model import WorkloadRef
from daemon.engine.queue import Turn, WorkQueue
from daemon.engine.workers import SHARE, WORKERS, Workers
from tests.engine.world import REF

PATIENCE = 10.0


class Crew:
    """Workers of whom those in one namespace wait until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.hanging = threading.Semaphore(0)
        self.seen: list[WorkloadRef] = []
        self.looked = threading.Condition()
        self.queue = WorkQueue(SystemClock().monotonic, share=SHARE)
        self.workers = Workers(self.queue, self._handle, SystemClock(), number=WORKERS)

    def _handle(self, turn: Turn) -> None:
        assert turn.about is not None
        if turn.about.namespace == "hangs":
            self.hanging.release()
            assert self.let_go.wait(PATIENCE)
        with self.looked:
            self.seen.append(turn.about)
            self.looked.notify_all()

    def await_looks(self, number: int) -> bool:
        with self.looked:
            return self.looked.wait_for(lambda: len(self.seen) >= number, PATIENCE)


@pytest.fixture
def crew() -> Iterator[Crew]:
    made = Crew()
    made.workers.start()
    yield made
    made.let_go.set()
    made.queue.close()
    assert made.workers.join(PATIENCE) == []


def test_a_namespace_that_hangs_leaves_workers_for_the_others(crew: Crew) -> None:
    hung = [WorkloadRef(namespace="hangs", name=str(number)) for number in range(3 * WORKERS)]
    for ref in hung:
        crew.queue.put(ref)
    for _ in range(SHARE):
        assert crew.hanging.acquire(timeout=PATIENCE)
    others = [WorkloadRef(namespace="goes-on", name=str(number)) for number in range(50)]
    for ref in others:
        crew.queue.put(ref)
    assert crew.await_looks(len(others))
    assert set(crew.seen) == set(others)
    crew.let_go.set()
    assert crew.await_looks(len(others) + len(hung))
    assert len(crew.seen) == len(set(crew.seen))


def test_a_workload_that_keeps_a_worker_for_long_is_a_problem_with_a_remedy() -> None:
    clock = HastyClock()
    queue = WorkQueue(clock.monotonic)
    problems: list[dict[str, str]] = []
    workers = Workers(queue, lambda _: problems.append(dict(workers.problems())), clock, number=1)
    queue.put(REF)
    assert workers.step()
    [told] = problems
    assert list(told) == [str(REF)]
    assert "look at the API server" in told[str(REF)]
    assert workers.problems() == {}, "its turn is over"


class HastyClock(SystemClock):
    """A minute and more passes with each look at it."""

    def __init__(self) -> None:
        self._passed = 0.0

    def monotonic(self) -> float:
        self._passed += 100.0
        return self._passed
