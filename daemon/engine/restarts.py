"""Which revision is the daemon's own restart of a case's target."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.steps.restart import is_restart
from daemon.core.model import Revision, Workload
from daemon.ports import Cluster


def own_restart(cluster: Cluster, case: Case, workload: Workload) -> Revision | None:
    """The current revision, where its template is the target's with the case's own restart alone."""
    current, target = workload.current, case.status.target
    if current is None or target is None or not any(step.kind == "restart" for step in case.steps):
        return None
    ours = is_restart(case, cluster.template(case.ref, target), cluster.template(case.ref, current))
    return current if ours else None
