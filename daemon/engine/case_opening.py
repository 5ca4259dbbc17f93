"""When a case is opened: a first sight of a workload, or a rollout that no case covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.core.case import phases
from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case, Entry, Phase, Spec, Status, case_name
from daemon.core.model import Change, Revision, Workload
from daemon.core.rollout_facts.image_digests import digests_of
from daemon.core.rollout_facts.template_diff import TemplateDiff, template_diff
from daemon.engine.restarts import own_restart
from daemon.ports import Cluster, Unavailable


def opening(cluster: Cluster, workload: Workload, cases: Sequence[Case], now: datetime) -> Case | None:
    """The case that is missing, or ``None``. Cases of an earlier Deployment of the name do not count."""
    current = workload.current
    own = [case for case in cases if case.spec.workload_uid == workload.uid]
    if current is None or not target.opens_case(workload, own):
        return None
    if not own:
        return _adopted(workload, current, now)
    latest = target.newest(workload, own)
    if latest is not None and own_restart(cluster, latest, workload) is not None:
        return None
    return _opened(cluster, workload, current, own, now)


def refuse_unopened(cluster: Cluster, workload: Workload, cases: Sequence[Case], now: datetime) -> None:
    """For who may not open a case: raises Unavailable where what runs has none yet, or one half written."""
    newest = target.newest(workload, cases)
    half = newest is not None and newest.status == Status()
    if half or opening(cluster, workload, cases, now) is not None:
        raise Unavailable(f"the rollout of {workload.ref} has no case yet, and another replica opens it")


def _adopted(workload: Workload, current: Revision, now: datetime) -> Case:
    spec = Spec(
        workload=workload.ref.name,
        workload_uid=workload.uid,
        revision=current,
        change=Change.ADOPTED,
        opened_at=now,
        started_at=now,
        generation=workload.status.generation,
    )
    name = case_name(workload.ref.name, workload.uid, current)
    return phases.adopted(Case(namespace=workload.ref.namespace, name=name, spec=spec), now)


def _opened(
    cluster: Cluster, workload: Workload, current: Revision, own: Sequence[Case], now: datetime
) -> Case:
    before = _before(workload, current, own)
    compared = _baseline(workload, current, own) or before
    new, old = cluster.template(workload.ref, current), _template(cluster, workload, before)
    base = old if compared == before else _template(cluster, workload, compared)
    kind = target.classify(old, new, ran_before=current.reused)
    was = f", {before} before it" if before is not None else ""
    text = f"{workload.ref} has a new revision ({kind.value}): {current}, {current.image}{was}"
    return Case(
        namespace=workload.ref.namespace,
        name=case_name(workload.ref.name, workload.uid, current),
        spec=Spec(
            workload=workload.ref.name,
            workload_uid=workload.uid,
            revision=current,
            change=kind,
            opened_at=now,
            started_at=_started(workload, current, own, now),
            baseline=compared,
            generation=workload.status.generation,
        ),
        status=Status(
            reason=text,
            timeline=(Entry(at=now, phase=Phase.PROGRESSING, text=text),),
            differences=_differences(compared, base, new),
            digests=digests_of(workload, compared),
        ),
    )


def _differences(
    before: Revision | None, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> TemplateDiff | None:
    if before is None or old is None or new is None:
        return None
    return template_diff(before.number, old, new)


def _template(cluster: Cluster, workload: Workload, revision: Revision | None) -> Mapping[str, Any] | None:
    return cluster.template(workload.ref, revision) if revision is not None else None


def _before(workload: Workload, current: Revision, own: Sequence[Case]) -> Revision | None:
    """The revision that ran before: what the latest case left in place, as the cluster knows it now."""
    latest = target.newest(workload, own)
    if latest is None:
        return None
    acted = latest.status.patched_at is not None
    left = latest.status.target if acted and latest.status.target else latest.spec.revision
    found = workload.revision(left.replica_set_uid)
    if found is not None and found.replica_set_uid != current.replica_set_uid:
        return found
    others = [r for r in workload.revisions if r.number < current.number]
    return max(others, key=lambda revision: revision.number, default=None)


def _baseline(workload: Workload, current: Revision, own: Sequence[Case]) -> Revision | None:
    """The last revision that was found healthy: a failed revision is not a valid baseline."""
    good = [case for case in own if target.found_good(case)]
    for case in sorted(good, key=target.age, reverse=True):
        found = workload.revision(case.spec.revision.replica_set_uid)
        if found is not None and found.replica_set_uid != current.replica_set_uid:
            return found
    return None


def _started(workload: Workload, current: Revision, own: Sequence[Case], now: datetime) -> datetime:
    """When the rollout began. A ReplicaSet that is current again was made long ago, and pods of an earlier
    rollout may be left of it: then the first pod made since the last case counts.
    """
    if not current.reused:
        return min(now, current.created_at)
    latest = max(case.spec.opened_at for case in own)
    made = [pod.created_at for pod in workload.pods_of(current) if pod.created_at >= latest]
    return min([now, *made])
