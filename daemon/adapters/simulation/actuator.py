"""What the daemon does to the simulated Deployments."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from daemon.adapters.simulation.simulation import Simulation
from daemon.adapters.simulation.undo import give_back, guarded, guarded_images, guarded_restart, mark
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.images import ImageChange
from daemon.core.model import Revision, WorkloadRef
from daemon.ports import RollbackResult


class MemoryActuator:
    """Implements :class:`daemon.ports.Actuator`, as a part of the cluster in memory."""

    _simulation: Simulation

    def _settled(self, now: datetime | None = None) -> AbstractContextManager[None]:
        raise NotImplementedError

    def undo(
        self, ref: WorkloadRef, uid: str, *, judged: Revision, target: Revision, token: str = ""
    ) -> RollbackResult:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            found = guarded(state, ref, uid, judged=judged, target=target, token=token)
            if isinstance(found, RollbackResult):
                return found
            assert state is not None
            give_back(state, found, token)
            self._simulation.written(state)
            detail = f"Deployment {ref} was given the template of {target}"
            return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, generation=state.generation)

    def restart_target(
        self, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
    ) -> RollbackResult:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            found = guarded_restart(state, ref, uid, target=target, at=at, token=token)
            if isinstance(found, RollbackResult):
                return found
            assert state is not None
            state.template = found
            mark(state, token)
            self._simulation.written(state)
            detail = f"Deployment {ref} was restarted at {target}"
            return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, generation=state.generation)

    def set_images(self, ref: WorkloadRef, uid: str, changes: Sequence[ImageChange]) -> RollbackResult:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            found = guarded_images(state, ref, uid, changes)
            if isinstance(found, RollbackResult):
                return found
            assert state is not None
            state.template = found
            self._simulation.written(state)
            detail = f"Deployment {ref}: {'; '.join(str(change) for change in changes)}"
            return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, generation=state.generation)

    def stop(self, ref: WorkloadRef) -> str | None:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            return state.annotations.get(STOP) if state is not None else None
