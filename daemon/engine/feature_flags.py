"""Switches features off before a rollback: each once, for no longer than its timeout."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.steps.feature_flag import flag_name
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.runs import Ending, FeatureFlag, Kind, RunResult, kind_of
from daemon.engine.defects import Defects
from daemon.ports import Clock, Cluster, Order, PortError, Runner, Unavailable

LOST = "it may have been begun by a daemon that was stopped meanwhile, and how that ended is not known"
KEPT = 1000
"""Ends that are kept in memory: one is told again where it could not be stored."""
FlagKey = tuple[str, str]
"""A case's key and the step's id."""


class FlagSwitches:
    """``run`` starts what blocks (a pool's submit); ``later`` asks for a look at a workload."""

    def __init__(
        self,
        runners: Mapping[Kind, Runner],
        cluster: Cluster,
        clock: Clock,
        *,
        policies: Callable[[WorkloadRef, Workload | None], Policy],
        run: Callable[[Callable[[], None]], object],
        later: Callable[[WorkloadRef, float], None],
        defects: Defects,
    ) -> None:
        self._runners = runners
        self._cluster = cluster
        self._clock = clock
        self._policies = policies
        self._run = run
        self._later = later
        self._defects = defects
        self._started = clock.now()
        """What was intended before may have been begun by a process that has died."""
        self._lock = threading.Lock()
        self._under_way: set[FlagKey] = set()
        self._ended: dict[FlagKey, RunResult | PortError] = {}

    def switch_off(self, case: Case, effect: Effect) -> Finished | None:
        """How it ended; ``None`` while it is under way. Raises Unavailable where nothing was begun, and it is
        worth trying again within the flag's timeout."""
        key, workload = (case.key, effect.id), self._cluster.workload(case.ref)
        flag = self._flag(case, effect, workload)
        if flag is None:
            return _refused(effect, f"there is no feature flag {flag_name(effect)} any more")
        runner = self._runners.get(kind_of(flag.task))
        if runner is None:
            return _refused(effect, "nothing here can run it")
        with self._lock:
            if key in self._under_way:
                return None
        if (ended := self._take(key)) is not None:
            return self._told(effect, flag, ended)
        if effect.intended_at < self._started and not runner.repeatable(flag.task):
            return _refused(effect, LOST)
        with self._lock:
            self._under_way.add(key)
        order = self._order(case, effect, flag, workload)
        self._run(lambda: self._carry_out(key, runner, order))
        ended = self._take(key)
        return self._told(effect, flag, ended) if ended is not None else None

    def _take(self, key: FlagKey) -> RunResult | PortError | None:
        """How it ended. What kept it from being begun is told once, so that it can be begun again."""
        with self._lock:
            found = self._ended.get(key)
            if isinstance(found, PortError):
                del self._ended[key]
            return found

    def _flag(self, case: Case, effect: Effect, workload: Workload | None) -> FeatureFlag | None:
        known = self._policies(case.ref, workload).feature_flags
        return next((flag for flag in known if flag.name == flag_name(effect)), None)

    def _order(self, case: Case, effect: Effect, flag: FeatureFlag, workload: Workload | None) -> Order:
        """The release that fails still runs: it is asked where a pod has to be."""
        pods = workload.live if workload is not None else ()
        target = case.status.target
        template = self._cluster.template(case.ref, target) if target is not None else None
        return Order(
            id=case.token(effect),
            ref=case.ref,
            task=flag.task,
            timeout=flag.timeout,
            template=template or {},
            pods=tuple(pod for pod in pods if pod.ready),
        )

    def _carry_out(self, key: FlagKey, runner: Runner, order: Order) -> None:
        found: RunResult | PortError
        try:
            found = runner.run(order)
        except PortError as error:
            found = error
        except Exception as defect:
            # The edge of the thread: what is not said here would never be said.
            self._defects.caught(defect, edge="feature flag", about=f"{order.ref} {order.id}")
            found = RunResult(ending=Ending.LOST, detail=f"a defect of the daemon's: {defect!r}")
        with self._lock:
            self._under_way.discard(key)
            self._ended[key] = found
            while len(self._ended) > KEPT:
                del self._ended[next(iter(self._ended))]
        self._later(order.ref, 0.0)

    def _told(self, effect: Effect, flag: FeatureFlag, ended: RunResult | PortError) -> Finished:
        if isinstance(ended, PortError):
            late = self._clock.now() - effect.intended_at >= timedelta(seconds=flag.timeout)
            if isinstance(ended, Unavailable) and not late:
                raise ended
            return _refused(effect, str(ended))
        if not ended.passed:
            return _refused(effect, str(ended))
        detail = f"feature flag {flag.name} was switched off ({ended})"
        return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=detail)


def _refused(effect: Effect, why: str) -> Finished:
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=why)
