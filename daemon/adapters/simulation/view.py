"""From the simulated objects to the values that the daemon sees, and back from a revision to its template."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from daemon.adapters.simulation.objects import (
    CHANGE_CAUSE,
    ROLLBACK,
    DeploymentState,
    PodState,
    ReplicaSetState,
)
from daemon.adapters.simulation.templates import images_of
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.guards.pause import PAUSE
from daemon.core.model import Pod, Provenance, Revision, RolloutStatus, Workload, Writer
from daemon.core.rollout_facts.owners import ANNOTATIONS

Moment = Callable[[float], datetime]
"""The time of day of a moment of the simulation."""


def workload(state: DeploymentState, at: float, moment: Moment) -> Workload:
    pods = sorted(
        (_pod(pod, own, at, moment) for own in state.sets for pod in own.pods), key=lambda pod: pod.name
    )
    return Workload(
        ref=state.ref,
        uid=state.uid,
        resource_version=str(state.resource_version),
        created_at=_second(moment(state.created)),
        labels=dict(state.labels),
        current=_current(state, moment),
        revisions=tuple(
            revision(own, moment) for own in sorted(state.sets, key=lambda own: (own.number, own.created))
        ),
        pods=tuple(pod for pod in pods if not pod.finished),
        finished=tuple(pod for pod in pods if pod.finished),
        departed=dict(state.departed),
        unmade={own.uid: state.no_more_pods for own in state.sets if len(own.active) < own.desired},
        status=_status(state),
        rollback_token=state.annotations.get(ROLLBACK, ""),
        stop=state.annotations.get(STOP),
        pause=state.annotations.get(PAUSE),
        provenance=_provenance(state, moment),
    )


def _provenance(state: DeploymentState, moment: Moment) -> Provenance:
    return Provenance(
        annotations={name: value for name, value in state.annotations.items() if name in ANNOTATIONS},
        controller=state.controller,
        writers=tuple(
            Writer(name=name, at=_second(moment(at)), template=True) for name, at in state.writers.items()
        ),
    )


def revision(own: ReplicaSetState, moment: Moment) -> Revision:
    return Revision(
        hash=own.hash,
        replica_set=own.name,
        replica_set_uid=own.uid,
        number=own.number,
        images=images_of(own.template),
        created_at=_second(moment(own.created)),
        change_cause=own.annotations.get(CHANGE_CAUSE, ""),
        reused=bool(own.history),
    )


def _current(state: DeploymentState, moment: Moment) -> Revision | None:
    """The template's ReplicaSet; with a lower number than another's it still names an earlier rollout."""
    own = state.current
    if own is None or own.number < max(other.number for other in state.sets):
        return None
    return revision(own, moment)


def _second(moment: datetime) -> datetime:
    """As the API server keeps the times of objects."""
    return moment.replace(microsecond=0)


def _status(state: DeploymentState) -> RolloutStatus:
    return RolloutStatus(
        generation=state.generation,
        observed_generation=state.observed_generation,
        desired=state.replicas,
        replicas=state.counts.replicas,
        updated=state.counts.updated,
        available=state.counts.available,
        paused=state.paused,
        progress_reason=state.progress_reason,
        progress_message=state.progress_message,
    )


def _pod(pod: PodState, own: ReplicaSetState, at: float, moment: Moment) -> Pod:
    return Pod(
        name=pod.name,
        uid=pod.uid,
        replica_set=own.name,
        replica_set_uid=own.uid,
        created_at=_second(moment(pod.created)),
        ip=pod.ip if pod.started(at) else "",
        node="" if pod.unschedulable else pod.node,
        ready=pod.ready(at),
        ready_changed_at=_second(moment(pod.ready_changed(at))),
        deleting=pod.deleted is not None,
        finished=pod.finished,
        unschedulable="0/1 nodes are available: 1 Insufficient memory." if pod.unschedulable else "",
        containers=() if pod.unschedulable else tuple(part.container for part in pod.looks(at)),
        images=tuple(image for _, image in pod.containers),
    )
