"""Switches features off before a rollback: each once, for no longer than its timeout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.steps.feature_flag import flag_name
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.runs import Ending, FeatureFlag, Kind, RunResult, kind_of
from daemon.engine.beside import Beside
from daemon.ports import Clock, Cluster, Order, PortError, Rejected, Runner, Unavailable

LOST = "it may have been begun by a daemon that was stopped meanwhile, and how that ended is not known"


class FlagSwitches:
    """Asked by several workers, of each case by one at a time."""

    def __init__(
        self,
        runners: Mapping[Kind, Runner],
        cluster: Cluster,
        clock: Clock,
        *,
        policies: Callable[[WorkloadRef, Workload | None], Policy],
        beside: Beside[RunResult],
    ) -> None:
        self._runners = runners
        self._cluster = cluster
        self._clock = clock
        self._policies = policies
        self._beside = beside
        self._started = clock.now()
        """What was intended before may have been begun by a process that has died."""

    def switch_off(self, case: Case, effect: Effect) -> Finished | None:
        """How it ended; ``None`` while it is under way. Raises Unavailable where nothing was begun, and it is
        worth trying again within the flag's timeout."""
        workload = self._cluster.workload(case.ref)
        flag = self._flag(case, effect, workload)
        if flag is None:
            return _refused(effect, f"there is no feature flag {flag_name(effect)} any more")
        runner = self._runners.get(kind_of(flag.task))
        if runner is None:
            return _refused(effect, "nothing here can run it")
        ended = self._beside.ask(
            (case.key, effect.id),
            case.ref,
            lambda: self._carry_out(case, effect, flag, runner, workload),
            broken=lambda why: RunResult(ending=Ending.LOST, detail=why),
        )
        return self._told(effect, flag, ended) if ended is not None else None

    def forget(self, key: str) -> None:
        """A case is over."""
        self._beside.forget(key)

    def _carry_out(
        self, case: Case, effect: Effect, flag: FeatureFlag, runner: Runner, workload: Workload | None
    ) -> RunResult:
        if effect.intended_at < self._started and not runner.repeatable(flag.task):
            raise Rejected(LOST)
        return runner.run(self._order(case, effect, flag, workload))

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
