"""Whose a case's pods are, and since when they count, as the cluster's objects tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from daemon.core.case.case import Case
from daemon.core.model import Revision, Workload
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.rollout_facts.watch_rules import Roles, made_since, starts_at_zero
from daemon.core.signals.state import Births, Side
from daemon.engine import in_place_evidence


def pod_sides(case: Case, workload: Workload, owners: PodOwners) -> Callable[[str], Side]:
    """Whose pods are whose."""
    spec = case.spec
    if spec.in_place:
        return in_place_evidence.sides(case, workload, partial(owners.made, spec.revision))
    before = spec.baseline.replica_set_uid if spec.baseline is not None else ""
    roles = Roles(judged=spec.revision.replica_set_uid, baseline=before)
    return lambda pod: roles.side(owners.of(pod))


def pod_births(workload: Workload, owners: PodOwners, made: Revision | None, since: datetime) -> Births:
    """Whether a pod's counters began at zero after ``since``, where the cluster's objects tell, or else the
    ReplicaSet that was ``made`` for the rollout."""
    known = {pod.name: pod.created_at.timestamp() for pod in (*workload.finished, *workload.pods)}
    began = since.timestamp()
    new_set = made is not None and made_since(made.created_at.timestamp(), began)

    def rule(pod: str) -> bool:
        of_new_set = new_set and made is not None and owners.made(made, pod)
        return starts_at_zero(known.get(pod), began, of_new_set=of_new_set)

    return rule
