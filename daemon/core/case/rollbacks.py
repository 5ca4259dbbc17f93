"""The rollbacks of a workload, as its cases remember them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from daemon.core.case.case import Case
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.rollback_limit import DAY


def recent_rollbacks(workload_uid: str, cases: Iterable[Case], now: datetime) -> tuple[datetime, ...]:
    """When the workload was rolled back within the last day, whatever came of it."""
    return tuple(
        effect.finished_at
        for case in cases
        if case.spec.workload_uid == workload_uid
        for effect in case.status.effects
        if effect.kind == ("restore-configuration" if case.spec.in_place else "rollback")
        if effect.outcome is EffectOutcome.DONE
        if effect.finished_at is not None and now - effect.finished_at < DAY
    )
