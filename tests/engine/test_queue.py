"""The workers' queue: nothing is worked on twice at once, nothing is forgotten, nobody takes all workers."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.model import WorkloadRef
from daemon.engine.queue import Turn, WorkQueue

SHARE = 2
REFS = [WorkloadRef(namespace=namespace, name=str(number)) for namespace in "ab" for number in range(4)]


class Chore:
    """A job that works on some workloads, one after the other."""

    def __init__(self, *refs: WorkloadRef) -> None:
        self._left = list(refs)

    @property
    def about(self) -> WorkloadRef | None:
        return self._left[0] if self._left else None

    def step(self) -> bool:
        del self._left[:1]
        return bool(self._left)


def test_jobs_and_workloads_take_turns() -> None:
    queue = WorkQueue(ManualClock().monotonic)
    refs = REFS[:4]
    for ref in refs:
        queue.put(ref)
        queue.submit(Chore())
    turns: list[str] = []
    while (turn := queue.take(wait=False)) is not None:
        turns.append(turn.work.name if isinstance(turn.work, WorkloadRef) else "job")
        queue.done(turn)
    assert turns == [turn for ref in refs for turn in ("job", ref.name)]


def test_a_workload_is_taken_once_and_at_its_earliest_time() -> None:
    clock = ManualClock()
    queue = WorkQueue(clock.monotonic, share=SHARE)
    ref, other = REFS[:2]
    for pause in (30.0, 5.0, 10.0):
        queue.put(ref, pause)
    queue.put(other, 7.0)
    clock.advance(6)
    assert queue.take(wait=False) == Turn(ref, ref)
    assert queue.take(wait=False) is None
    clock.advance(60)
    assert queue.take(wait=False) == Turn(other, other)
    assert queue.take(wait=False) is None


def test_what_changes_while_it_is_worked_on_is_worked_on_once_more() -> None:
    queue = WorkQueue(ManualClock().monotonic, share=SHARE)
    ref = REFS[0]
    queue.put(ref)
    turn = queue.take(wait=False)
    assert turn is not None
    queue.put(ref)
    queue.put(ref)
    assert queue.take(wait=False) is None
    queue.done(turn)
    assert queue.take(wait=False) == turn
    queue.done(turn)
    assert queue.take(wait=False) is None


def test_a_job_waits_for_the_workload_that_it_works_on_and_holds_up_no_other() -> None:
    queue = WorkQueue(ManualClock().monotonic, share=SHARE)
    queue.put(REFS[0])
    looked = queue.take(wait=False)
    assert looked is not None
    waiting, ready = Chore(REFS[0]), Chore(REFS[1])
    queue.submit(waiting)
    queue.submit(ready)
    assert queue.take(wait=False) == Turn(ready, REFS[1])
    assert queue.take(wait=False) is None
    queue.done(looked)
    assert queue.take(wait=False) == Turn(waiting, REFS[0])


ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(REFS), st.sampled_from((0.0, 1.0, 5.0))),
    st.tuples(st.just("job"), st.sampled_from(REFS), st.sampled_from(REFS)),
    st.tuples(st.just("take")),
    st.tuples(st.just("done"), st.integers(0, 7)),
    st.tuples(st.just("advance"), st.sampled_from((0.5, 2.0, 10.0))),
)


class Tried:
    """A queue with several workers, and what it must hold to."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.queue = WorkQueue(self.clock.monotonic, share=SHARE)
        self.busy: list[Turn] = []
        self.wished: set[WorkloadRef] = set()
        self.steps: Counter[WorkloadRef] = Counter()

    def take(self) -> bool:
        turn = self.queue.take(wait=False)
        if turn is None:
            return False
        self.busy.append(turn)
        if isinstance(turn.work, WorkloadRef):
            assert turn.work in self.wished
            self.wished.discard(turn.work)
        busy = [one.about for one in self.busy if one.about is not None]
        assert len(set(busy)) == len(busy), "one workload is worked on twice at once"
        assert max(Counter(ref.namespace for ref in busy).values()) <= SHARE
        return True

    def finish(self, number: int) -> None:
        turn = self.busy.pop(number % len(self.busy))
        if not isinstance(turn.work, WorkloadRef):
            assert turn.about is not None
            self.steps[turn.about] -= 1
            if turn.work.step():
                self.queue.resubmit(turn.work)
        self.queue.done(turn)

    def act(self, action: tuple[object, ...]) -> None:
        match action:
            case ("put", WorkloadRef() as ref, float() as pause):
                self.queue.put(ref, pause)
                self.wished.add(ref)
            case ("job", WorkloadRef() as first, WorkloadRef() as second):
                if self.queue.submit(Chore(first, second)):
                    self.steps.update((first, second))
            case ("take",):
                self.take()
            case ("done", int() as number) if self.busy:
                self.finish(number)
            case ("advance", float() as seconds):
                self.clock.advance(seconds)
            case _:
                assert action[0] == "done", "there is nothing to be done with"


@given(st.lists(ACTIONS, max_size=60))
def test_each_is_worked_on_by_one_at_a_time_and_all_of_them_in_the_end(
    actions: list[tuple[object, ...]],
) -> None:
    tried = Tried()
    for action in actions:
        tried.act(action)
    tried.clock.advance(100)
    while tried.take() or tried.busy:
        if tried.busy:
            tried.finish(0)
    assert tried.wished == set()
    assert not +tried.steps, "every step of every job was done"


def test_a_closed_queue_takes_no_job() -> None:
    queue = WorkQueue(ManualClock().monotonic)
    assert (queue.submit(Chore()), queue.closed) == (True, False)
    queue.close()
    assert (queue.submit(Chore()), queue.closed) == (False, True)
