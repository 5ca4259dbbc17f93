"""Which finished cases are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from daemon.core.case.case import Case
from daemon.core.case.guards.rollback_limit import DAY
from daemon.core.case.rollback_target import found_good


def outlived(cases: Iterable[Case], keep: int, now: datetime) -> list[Case]:
    """The oldest finished cases of a workload beyond ``keep``, never the newest good or proven one.

    The rollbacks of a day are counted from their cases, so these are kept as well.
    """
    finished = sorted((case for case in cases if not case.unfinished), key=lambda case: case.spec.opened_at)
    good = [case for case in finished if found_good(case)]
    proven = [case for case in good if case.status.proven]
    kept = {case.name for case in (*good[-1:], *proven[-1:])}
    return [
        case
        for case in finished[: max(0, len(finished) - keep)]
        if case.name not in kept and not _counted(case, now)
    ]


def _counted(case: Case, now: datetime) -> bool:
    patched = case.status.patched_at
    return patched is not None and patched >= now - DAY
