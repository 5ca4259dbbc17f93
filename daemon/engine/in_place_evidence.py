"""What the judge is shown of a case of configuration that was changed in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from daemon.core.assessment import Fact
from daemon.core.attribution.configuration_change import Reach
from daemon.core.case.case import Case
from daemon.core.case.in_place import running_pods_see
from daemon.core.model import Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.configuration_change import of_the_change, seen_by_all, started_since
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.signals.state import Side


def facts(
    case: Case, found: Sequence[Fact], workload: Workload, pods: Sequence[PodHistory]
) -> tuple[Fact, ...]:
    """The facts that may be the change's doing."""
    return of_the_change(found, workload, pods, case.spec.started_at, mounted=running_pods_see(case))


def reach(case: Case, workload: Workload, policy: Policy, now: datetime) -> Reach:
    """When pods see the change, and which ones."""
    since = case.spec.started_at
    return Reach(
        changed_at=since.timestamp(),
        seen_by=seen_by_all(case.spec.configuration, since, policy.configuration_sync).timestamp(),
        mounted=running_pods_see(case),
        started=[pod.name for pod in workload.live if started_since(pod, since)],
        at=now.timestamp(),
    )


def beforehand(case: Case, workload: Workload, owners: PodOwners) -> Callable[[str], Side] | None:
    """Whose pods were whose before the change; ``None`` for a rollout, which changes nobody's side.

    The same pods are compared, and those that are gone are not: a pod of a Deployment that was deleted and
    made anew may bear a name like theirs.
    """
    if not case.spec.in_place:
        return None
    same = {pod.name for pod in (*workload.pods, *workload.finished)}
    return lambda pod: Side.OLD if pod in same and owners.made(case.spec.revision, pod) else Side.OTHER


def sides(case: Case, workload: Workload, made_by: Callable[[str], bool]) -> Callable[[str], Side]:
    """Whose pods are whose after the change: those that see it are judged, and the others, which only start
    with it, are the control group. ``made_by``: whether the revision that runs made a pod."""
    since, mounted = case.spec.started_at, running_pods_see(case)
    new = {pod.name for pod in (*workload.pods, *workload.finished) if started_since(pod, since)}

    def side(pod: str) -> Side:
        if not made_by(pod):
            return Side.OTHER
        return Side.NEW if mounted or pod in new else Side.OLD

    return side
