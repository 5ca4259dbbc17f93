"""What the page's overview shows: the daemon's state and each guarded workload with its newest case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.outline import Outline
from daemon.core.model import Workload, WorkloadRef
from daemon.core.value import Value
from daemon.presentation.by_hand import paused
from daemon.presentation.case_views import CaseSummary, RevisionView, revision_view, summary


class WorkloadView(Value, frozen=True):
    namespace: str
    name: str
    revision: RevisionView | None
    rollout: str
    pods: int
    pods_ready: int
    mode: str
    paused: str
    """Until when acts are left to people; empty: they are not."""
    case: CaseSummary | None
    """The newest."""


class Overview(Value, frozen=True):
    now: datetime
    version: str
    ready: bool
    alive: bool
    follows: str
    """The replica that acts, where it is another one."""
    unready: tuple[str, ...]
    problems: tuple[str, ...]
    unmatched: tuple[UnmatchedAlert, ...]
    """Alerts that were delivered and concerned no guarded workload, the newest first."""
    workloads: tuple[WorkloadView, ...]
    visitor: str = ""
    """Who looks, as the cluster names them; empty where nobody logs in."""
    part: str = ""
    """Which shards this replica acts for; empty where there is but one."""
    login: str = "none"
    """How people are let in: ``token``, ``proxy`` or ``none``."""


def workload_views(
    workloads: Sequence[Workload],
    newest: Mapping[WorkloadRef, Outline],
    modes: Mapping[WorkloadRef, str],
    now: datetime,
) -> tuple[WorkloadView, ...]:
    """``newest``: of each workload the newest case."""
    return tuple(
        _workload(workload, newest.get(workload.ref), modes.get(workload.ref, ""), now)
        for workload in sorted(workloads, key=lambda workload: workload.ref)
    )


def _workload(workload: Workload, newest: Outline | None, mode: str, now: datetime) -> WorkloadView:
    pods = workload.live
    return WorkloadView(
        namespace=workload.ref.namespace,
        name=workload.ref.name,
        revision=revision_view(workload.current) if workload.current else None,
        rollout=str(workload.status),
        pods=len(pods),
        pods_ready=sum(pod.ready for pod in pods),
        mode=mode,
        paused=paused(workload.pause, now),
        case=summary(newest.whole()) if newest else None,
    )
