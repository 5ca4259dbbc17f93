"""Who else owns a Deployment: its own marks, and what stands over it."""

from __future__ import annotations

from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Workload
from daemon.core.rollout_facts.owners import NOBODY, Owner, Ownership, ownership
from daemon.core.rollout_facts.reconciling import OwnerStatus
from daemon.ports import ImageReturn, RollbackResult, Surveyor


class OwnerLook:
    """Without a surveyor only the marks on the Deployment itself are read."""

    def __init__(self, surveyor: Surveyor | None) -> None:
        self._surveyor = surveyor

    def at(self, workload: Workload) -> Ownership:
        around = NOBODY if self._surveyor is None else self._surveyor.around(workload.ref)
        return ownership(workload, around)


class NoSwitch:
    """Implements :class:`daemon.ports.OwnerSwitch` where no owner can be reached."""

    def suspend(self, owner: Owner, token: str) -> RollbackResult:
        del token
        return _refused(owner)

    def status(self, owner: Owner) -> OwnerStatus | None:
        del owner
        return None

    def resume(self, owner: Owner, token: str) -> RollbackResult:
        del token
        return _refused(owner)


class NoOverlays:
    """Implements :class:`daemon.ports.Overlays` where none is configured."""

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult:
        del wanted, token
        return RollbackResult(outcome=EffectOutcome.REFUSED, detail=f"there is no overlay {name} any more")


def _refused(owner: Owner) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=f"{owner} cannot be reached from here")
