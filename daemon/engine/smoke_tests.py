"""Runs the smoke tests of a recovery beside the worker, each at most once for an attempt.

That a test is begun is stored in the case before it is, and its result after. What a process began that has
died is found again where that can be, and is unknown where not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.runs import Ending, Kind, RunResult, SmokeRun, SmokeTest, kind_of
from daemon.engine.defects import Defects
from daemon.ports import Clock, Cluster, Denied, Order, PortError, Rejected, Runner, Sweep

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
FORBIDDEN_PAUSE = 60.0
"""Seconds until what is forbidden is tried again, for rights may change."""

RunKey = tuple[str, str]
"""A case's key and an order's id."""


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A test that could not be begun: due again at ``until`` (monotonic), ``pause`` seconds after the try."""

    until: float
    pause: float
    why: str


class SmokeTests:
    """``run`` starts what blocks (a pool's submit); ``later`` asks for a look at a workload."""

    def __init__(
        self,
        runners: Mapping[Kind, Runner],
        cluster: Cluster,
        clock: Clock,
        *,
        sweep: Sweep,
        run: Callable[[Callable[[], None]], object],
        later: Callable[[WorkloadRef, float], None],
        defects: Defects,
    ) -> None:
        self._runners = runners
        self._cluster = cluster
        self._clock = clock
        self._sweep = sweep
        self._run = run
        self._later = later
        self._defects = defects
        self._lock = threading.Lock()
        self._intended: set[RunKey] = set()
        """Those that this process wrote down, so that it knows whether they were begun."""
        self._orders: dict[RunKey, Order] = {}
        """Those that were begun, until they are swept."""
        self._under_way: set[RunKey] = set()
        self._results: dict[RunKey, RunResult] = {}
        """Kept until they are stored: a write may fail."""
        self._waiting: dict[RunKey, _Waiting] = {}

    def look(
        self, case: Case, workload: Workload, policy: Policy, now: datetime
    ) -> tuple[SmokeRun, ...] | None:
        """The tests of the recovery that is being proven, as the case is to remember them; ``None`` where
        none is. Begins those that the stored case says are to be begun. Called by one at a time."""
        goal = case.status.target
        if case.phase is not Phase.VERIFYING or goal is None:
            return None
        there = self._cluster.fresh() and workload.status.complete and _runs(workload, goal)
        known = {run.name: run for run in case.status.smoke_tests}
        for test in policy.smoke_tests:
            run = known.get(test.name)
            if run is None and there:
                known[test.name] = self._intend(case, test, now)
            elif run is not None:
                known[test.name] = self._follow(case, test, run, workload if there else None)
        return tuple(known.values())

    def forget(self, case: str) -> None:
        """A case is over. What still runs for it is swept at its end."""
        with self._lock:
            self._intended = {key for key in self._intended if key[0] != case}
            gone = [key for key in self._orders if key[0] == case]
            over = [(key, self._orders.pop(key)) for key in gone]
            left = [order for key, order in over if key not in self._under_way]
            self._results = {key: result for key, result in self._results.items() if key[0] != case}
            self._waiting = {key: waiting for key, waiting in self._waiting.items() if key[0] != case}
        for order in left:
            self._clear(order)

    # ------------------------------------------------------------ one test

    def _intend(self, case: Case, test: SmokeTest, now: datetime) -> SmokeRun:
        with self._lock:
            self._intended.add(_key(case, test))
        self._later(case.ref, 0.0)
        return SmokeRun(name=test.name, begun_at=now)

    def _follow(self, case: Case, test: SmokeTest, run: SmokeRun, workload: Workload | None) -> SmokeRun:
        key = _key(case, test)
        if run.result is not None:
            self._stored(key)
            return run
        if self._idle(key):
            runner = self._runners.get(kind_of(test.task))
            if runner is None:
                return replace(run, problem="nothing here can run it")
            if key not in self._intended and not runner.repeatable(test.task):
                lost = "it may have been begun by a daemon that was stopped meanwhile, and cannot be found"
                return replace(run, result=RunResult(ending=Ending.LOST, detail=lost), problem="")
            if workload is not None:
                self._begin(key, runner, self._order(case, test, workload))
        with self._lock:
            result, waiting = self._results.get(key), self._waiting.get(key)
        if result is not None:
            return replace(run, result=result, problem="")
        return replace(run, problem=waiting.why if waiting is not None else "")

    def _idle(self, key: RunKey) -> bool:
        """Whether it is neither under way nor over nor to wait."""
        with self._lock:
            waiting = self._waiting.get(key)
            due = waiting is None or self._clock.monotonic() >= waiting.until
            return key not in self._under_way and key not in self._results and due

    def _order(self, case: Case, test: SmokeTest, workload: Workload) -> Order:
        goal = case.status.target
        assert goal is not None
        return Order(
            id=_key(case, test)[1],
            ref=case.ref,
            task=test.task,
            timeout=test.timeout,
            template=self._cluster.template(case.ref, goal) or {},
            pods=tuple(pod for pod in workload.live_of(goal) if pod.ready),
        )

    def _begin(self, key: RunKey, runner: Runner, order: Order) -> None:
        with self._lock:
            self._intended.add(key)
            self._orders[key] = order
            self._under_way.add(key)
        self._run(lambda: self._carry_out(key, runner, order))

    def _stored(self, key: RunKey) -> None:
        with self._lock:
            self._results.pop(key, None)
            self._waiting.pop(key, None)
            order = self._orders.pop(key, None)
        if order is not None:
            self._clear(order)

    # ------------------------------------------------------------ beside the worker

    def _carry_out(self, key: RunKey, runner: Runner, order: Order) -> None:
        try:
            found: RunResult | _Waiting = runner.run(order)
        except Rejected as error:
            found = RunResult(ending=Ending.FINISHED, detail=f"it cannot be run: {error}")
        except PortError as error:
            found = self._again(key, str(error), FORBIDDEN_PAUSE if isinstance(error, Denied) else 0.0)
        except Exception as defect:
            # The edge of the thread: what is not said here would never be said.
            self._defects.caught(defect, edge="smoke test", about=f"{order.ref} {order.id}")
            found = RunResult(ending=Ending.LOST, detail=f"a defect of the daemon's: {defect!r}")
        with self._lock:
            self._under_way.discard(key)
            wanted = key in self._orders
            if wanted and isinstance(found, RunResult):
                self._results[key] = found
            elif wanted and isinstance(found, _Waiting):
                self._waiting[key] = found
        if not wanted:
            self._clear(order)
            return
        self._later(order.ref, found.pause if isinstance(found, _Waiting) else 0.0)

    def _again(self, key: RunKey, why: str, pause: float) -> _Waiting:
        with self._lock:
            before = self._waiting.get(key)
        doubled = before.pause * 2 if before is not None else FIRST_PAUSE
        pause = pause or min(LONGEST_PAUSE, doubled)
        return _Waiting(
            until=self._clock.monotonic() + pause, pause=pause, why=f"no result yet, and tried again: {why}"
        )

    def _clear(self, order: Order) -> None:
        if kind_of(order.task) != "job":
            return

        def sweep() -> None:
            try:
                self._sweep(order)
            except PortError:
                # It is cleared away by its own time to live.
                return

        self._run(sweep)


def _key(case: Case, test: SmokeTest) -> RunKey:
    rollback = next((e.id for e in reversed(case.status.effects) if e.kind == "rollback"), "rollback")
    return case.key, f"{case.uid or case.name}/{rollback}/smoke-test/{test.name}"


def _runs(workload: Workload, goal: Revision) -> bool:
    return workload.current is not None and workload.current.replica_set_uid == goal.replica_set_uid
