"""How a rollback that changed nothing ended."""

from __future__ import annotations

from daemon.core.case.effect import EffectOutcome
from daemon.ports import RollbackResult


def superseded(detail: str) -> RollbackResult:
    """Something else is current: there is nothing to roll back any more."""
    return RollbackResult(outcome=EffectOutcome.SUPERSEDED, detail=detail)


def refused(detail: str) -> RollbackResult:
    """It cannot be done, and trying again is useless."""
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
