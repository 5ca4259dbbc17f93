"""Asks where users come in, beside the workers and again and again, while a recovery is being proven."""

from __future__ import annotations

import threading
from collections.abc import Callable

from daemon.core.case.case import Case, Phase
from daemon.core.judge.ingress import IngressAnswer
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.runs import Ingress
from daemon.engine.defects import Defects
from daemon.ports import Clock, Order, PortError, Runner

PAUSE = 5.0
"""Seconds between two questions."""
NONE_HERE = IngressAnswer(problem="nothing here can ask it")


class IngressLook:
    """``run`` starts what blocks (a pool's submit); ``later`` asks for a look at a workload."""

    def __init__(
        self,
        runner: Runner | None,
        clock: Clock,
        *,
        run: Callable[[Callable[[], None]], object],
        later: Callable[[WorkloadRef, float], None],
        defects: Defects,
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._run = run
        self._later = later
        self._defects = defects
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._answers: dict[str, IngressAnswer] = {}
        self._asked_at: dict[str, float] = {}
        """Case → when it was asked last (monotonic)."""

    def look(self, case: Case, workload: Workload, policy: Policy) -> IngressAnswer:
        """The newest answer; it is asked again where that is due. Nothing is asked while the rollback's
        rollout is not complete, and what was answered before is dropped."""
        check, key = policy.ingress, case.key
        if check is None or case.phase is not Phase.VERIFYING:
            return IngressAnswer()
        if self._runner is None:
            return NONE_HERE
        if not workload.status.complete:
            self.forget(key)
            return IngressAnswer(problem="not asked: the rollout must be complete first")
        if self._due(key):
            runner = self._runner
            self._run(lambda: self._ask(runner, case, check))
        return self._newest(key)

    def _newest(self, key: str) -> IngressAnswer:
        """One that is awaited for long replaces the one before: that it answered once is no proof of now."""
        with self._lock:
            awaited = self._clock.monotonic() - self._asked_at[key] if key in self._asked_at else 0.0
            if key in self._under_way and awaited > PAUSE:
                return IngressAnswer(problem=f"it has not answered for {awaited:.0f} s")
            return self._answers.get(key, IngressAnswer())

    def forget(self, key: str) -> None:
        with self._lock:
            self._answers.pop(key, None)
            self._asked_at.pop(key, None)

    def _due(self, key: str) -> bool:
        now = self._clock.monotonic()
        with self._lock:
            last = self._asked_at.get(key)
            if key in self._under_way or (last is not None and now - last < PAUSE):
                return False
            self._under_way.add(key)
            self._asked_at[key] = now
            return True

    def _ask(self, runner: Runner, case: Case, check: Ingress) -> None:
        found = self._answer(runner, case, check)
        with self._lock:
            self._under_way.discard(case.key)
            if case.key in self._asked_at:
                self._answers[case.key] = found
        self._later(case.ref, 0.0)

    def _answer(self, runner: Runner, case: Case, check: Ingress) -> IngressAnswer:
        order = Order(
            id=f"{case.uid or case.name}/ingress", ref=case.ref, task=check.call, timeout=check.timeout
        )
        try:
            return IngressAnswer(result=runner.run(order))
        except PortError as error:
            return IngressAnswer(problem=f"it cannot be asked: {error}")
        except Exception as defect:
            # The edge of the thread: what is not said here would never be said.
            self._defects.caught(defect, edge="ingress", about=f"{case.ref} {check.call.url}")
            return IngressAnswer(problem="a defect of the daemon's, see the log")
