"""How the pods of proven releases started, as their cases keep it for the next ones."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.case.case import Case, Phase
from daemon.core.case.rollback_target import age
from daemon.core.signals.startup import Start
from daemon.core.thresholds import PREDECESSORS


def taught_by(before: Case, after: Case) -> bool:
    """Whether the case has just ended as one whose pods' start tells how those of the next release may start.

    It was proven healthy by its whole watch; or a person held it for that long, and it is left to the metrics
    whether the pods were well once they had started. What was adopted, or not proven, tells nothing.
    """
    return _teaches(after) and not _teaches(before)


def predecessors(case: Case, cases: Iterable[Case]) -> tuple[Start, ...]:
    """The starts of the newest cases of the same Deployment that teach, the newest last."""
    if case.spec.in_place:
        return ()
    others = [
        other
        for other in cases
        if other.status.starts
        and other.genuine
        and other.name != case.name
        and other.spec.workload_uid == case.spec.workload_uid
        and _teaches(other)
    ]
    return tuple(start for other in sorted(others, key=age)[-PREDECESSORS:] for start in other.status.starts)


def _teaches(case: Case) -> bool:
    status = case.status
    if case.spec.in_place or status.patched_at is not None:
        return False
    if case.phase is Phase.HEALTHY:
        return status.proven
    order = status.last_instruction
    by_person = order is not None and order.action == "hold"
    return case.phase is Phase.HELD and status.finished_at is not None and by_person
