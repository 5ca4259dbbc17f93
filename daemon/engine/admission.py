"""Which stored cases the daemon acts upon: its own, and none that somebody else made up.

Whoever may create a RolloutCase can write one. The status is the daemon's alone, so a case that has one is
its own. A case without one was left by a daemon that was killed between the two writes of a creation, or
somebody else made it: it is derived from the cluster once more and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case, Spec, Status, name_of
from daemon.core.model import Change, Revision, Workload
from daemon.core.value import Value
from daemon.engine.case_opening import opening
from daemon.ports import Cluster

SLACK = timedelta(seconds=2)
"""Creation times are whole seconds of the API server's clock."""
AHEAD = timedelta(minutes=1)
"""What was opened later than this from now was not opened by a daemon."""


class Admission(Value, frozen=True):
    """``case`` is what may be acted upon; ``None`` where nothing may, and then ``problem`` says what to do.

    ``replaced`` says that the daemon's own case belongs in its place.
    """

    case: Case | None
    problem: str = ""
    replaced: bool = False


def admit(
    cluster: Cluster, workload: Workload | None, case: Case, others: Sequence[Case], now: datetime
) -> Admission:
    """``others`` are the workload's other cases that were admitted."""
    if not case.genuine:
        own = name_of(case.spec)
        return _refused(case, f"the case of {case.spec.revision} is {own}, and there is no second one")
    if case.status != Status() or workload is None:
        return Admission(case=case)
    if case.spec.in_place:
        # Left half written, or made up: what was changed in place is looked at anew.
        return replace(_refused(case, "it is not complete"), replaced=True)
    current = workload.current
    if current is None:
        return Admission(case=None)
    spec = case.spec
    if workload.uid != spec.workload_uid or not current.same_rollout(spec.revision):
        if not target.outdated(case, workload):
            return Admission(case=case)
        return _refused(case, f"it is about {spec.revision}, which the Deployment has not reached")
    wanted = opening(cluster, workload, [c for c in others if c.spec.workload_uid == workload.uid], now)
    if wanted is None:
        return _refused(case, f"{current} is no rollout to be judged")
    wrong = _differences(spec, wanted.spec, others, now)
    if not wrong:
        return Admission(case=replace(case, status=wanted.status))
    # The daemon adopts a first sight only: what others call adopted is judged like any other rollout.
    replaced = spec.change is Change.ADOPTED and wanted.spec.change is not Change.ADOPTED
    refused = _refused(case, f"it does not agree with the cluster ({wrong})")
    return replace(refused, replaced=replaced)


def _refused(case: Case, why: str) -> Admission:
    remedy = f"delete it (kubectl delete rolloutcase {case.name} -n {case.namespace})"
    return Admission(case=None, problem=f"it is not acted upon, for {why}: {remedy}")


def _differences(spec: Spec, wanted: Spec, others: Sequence[Case], now: datetime) -> str:
    """What of a spec is not as the daemon would write it; empty where all is."""
    found = [name for name, same in _revision(spec.revision, wanted.revision).items() if not same]
    if spec.generation > wanted.generation:
        found.append("generation")
    if spec.opened_at > now + AHEAD:
        found.append("openedAt")
    if wanted.change is not Change.ADOPTED:
        if spec.change is Change.ADOPTED:
            found.append("change")
        if _uid(spec.baseline) != _uid(wanted.baseline):
            found.append("baseline")
        if not _began(wanted, others) - SLACK <= spec.started_at <= wanted.started_at + SLACK:
            found.append("startedAt")
    return ", ".join(f"spec.{name}" for name in found)


def _revision(one: Revision, other: Revision) -> dict[str, bool]:
    """What identifies a revision and names it; notes of people may change meanwhile."""
    names = ("hash", "replica_set", "images", "created_at")
    return {f"revision.{name}": getattr(one, name) == getattr(other, name) for name in names}


def _uid(revision: Revision | None) -> str:
    return revision.replica_set_uid if revision is not None else ""


def _began(wanted: Spec, others: Sequence[Case]) -> datetime:
    """The earliest beginning: of a ReplicaSet used again the first pods may be gone by now."""
    if not wanted.revision.reused:
        return wanted.started_at
    return min(wanted.started_at, max((c.spec.opened_at for c in others), default=wanted.started_at))
