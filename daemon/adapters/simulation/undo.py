"""``kubectl rollout undo``, and the daemon's guarded form of it, on a simulated Deployment."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.adapters.simulation.objects import KEPT_BY_UNDO, ROLLBACK, DeploymentState, ReplicaSetState
from daemon.adapters.simulation.templates import (
    RESTARTED_AT,
    Template,
    bare,
    with_annotation,
    with_images,
)
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP, stopped_by
from daemon.core.case.guards.pause import PAUSE
from daemon.core.case.images import ImageChange, images_in
from daemon.core.model import Revision, WorkloadRef
from daemon.ports import Rejected, RollbackResult, Unavailable


def give_template(deployment: DeploymentState, target: ReplicaSetState) -> None:
    """The write itself: the ReplicaSet's template and annotations; the Deployment's own annotations stay."""
    kept = {name: value for name, value in deployment.annotations.items() if name in KEPT_BY_UNDO}
    deployment.template = bare(target.template)
    deployment.annotations = {**target.annotations, **kept}


def give_back(deployment: DeploymentState, target: ReplicaSetState, token: str) -> None:
    """The daemon's own write: what people wrote for it on the Deployment stays, and is not brought back."""
    orders = {name: deployment.annotations.get(name) for name in (STOP, PAUSE)}
    give_template(deployment, target)
    for name, value in orders.items():
        deployment.annotations.pop(name, None)
        if value is not None:
            deployment.annotations[name] = value
    mark(deployment, token)


def candidate(deployment: DeploymentState, number: int) -> ReplicaSetState:
    """The ReplicaSet that kubectl would choose; 0 means the one before the newest. Raises Rejected."""
    if deployment.paused:
        raise Rejected(
            f'you cannot rollback a paused deployment "{deployment.ref.name}": resume it first and try again'
        )
    ranked = sorted(deployment.sets, key=lambda own: own.number, reverse=True)
    if number == 0 and len(ranked) > 1:
        return ranked[1]
    for own in ranked:
        if own.number == number:
            return own
    wanted = f"revision {number}" if number else "an earlier revision"
    raise Rejected(f"Deployment {deployment.ref} has no ReplicaSet of {wanted}: deploy the version anew")


def mark(deployment: DeploymentState, token: str) -> None:
    """Leave the token of this rollback, and none of an earlier one."""
    deployment.annotations.pop(ROLLBACK, None)
    if token:
        deployment.annotations[ROLLBACK] = token


def guarded(
    deployment: DeploymentState | None,
    ref: WorkloadRef,
    uid: str,
    *,
    judged: Revision,
    target: Revision,
    token: str,
) -> RollbackResult | ReplicaSetState:
    """What the actuator has to say before it writes anything, or the ReplicaSet whose template to give.

    Raises Unavailable as the port has it.
    """
    if deployment is None or deployment.uid != uid:
        return _superseded(f"Deployment {ref} with uid {uid} does not exist any more")
    own = next((own for own in deployment.sets if own.uid == target.replica_set_uid), None)
    if own is not None and deployment.hash == own.hash:
        return _already(deployment, f"the template of {target} is in place already")
    bearers = (deployment.annotations, *(each.annotations for each in deployment.sets))
    if token and any(each.get(ROLLBACK) == token for each in bearers):
        return _already(
            deployment, f"Deployment {ref} was given the template of {target}, and has another since"
        )
    # A ReplicaSet that somebody deleted comes back with another uid and the same hash.
    known = any(own.hash == judged.hash for own in deployment.sets)
    if not known or deployment.hash != judged.hash:
        return _superseded(
            f"the template of Deployment {ref} is neither that of {judged} nor that of {target}"
        )
    newest = max(own.number for own in deployment.sets)
    if newest > judged.number:
        return _superseded(f"Deployment {ref} was rolled out again since: it is at revision {newest}")
    if STOP in deployment.annotations:
        return _refused(str(stopped_by(ref, deployment.annotations[STOP])))
    if token and deployment.observed_generation < deployment.generation:
        raise Unavailable(
            f"the controller has not seen generation {deployment.generation} of Deployment {ref}"
        )
    if own is None:
        return _refused(f"ReplicaSet {target.replica_set} of {target} is gone: deploy the version anew")
    if deployment.paused:
        return _refused(f"Deployment {ref} is paused: resume it, then approve again")
    return own


def guarded_restart(
    deployment: DeploymentState | None, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
) -> RollbackResult | Template:
    """What the actuator has to say before it writes anything, or the template to give."""
    if deployment is None or deployment.uid != uid:
        return _superseded(f"Deployment {ref} with uid {uid} does not exist any more")
    bearers = (deployment.annotations, *(each.annotations for each in deployment.sets))
    if any(each.get(ROLLBACK) == token for each in bearers):
        return _already(deployment, f"Deployment {ref} was restarted already")
    if deployment.hash != target.hash:
        return _superseded(f"the template of Deployment {ref} is not that of {target} any more")
    if STOP in deployment.annotations:
        return _refused(str(stopped_by(ref, deployment.annotations[STOP])))
    if deployment.paused:
        return _refused(f"Deployment {ref} is paused: resume it, then approve again")
    return with_annotation(deployment.template, RESTARTED_AT, at)


def guarded_images(
    deployment: DeploymentState | None, ref: WorkloadRef, uid: str, changes: Sequence[ImageChange]
) -> RollbackResult | Template:
    """What the actuator has to say before it writes anything, or the template to give."""
    if deployment is None or deployment.uid != uid:
        return _superseded(f"Deployment {ref} with uid {uid} does not exist any more")
    now = images_in(deployment.template)
    missing = [change.container for change in changes if change.container not in now]
    if missing:
        return _refused(f"Deployment {ref} has no container {missing[0]!r} any more")
    if all(now[change.container] == change.after for change in changes):
        return _already(deployment, f"Deployment {ref} has these images already: nothing to do")
    others = [c.container for c in changes if now[c.container] not in (c.before, c.after)]
    if others:
        return _superseded(f"container {others[0]} of Deployment {ref} has {now[others[0]]} by now")
    if STOP in deployment.annotations:
        return _refused(str(stopped_by(ref, deployment.annotations[STOP])))
    if deployment.paused:
        return _refused(f"Deployment {ref} is paused: resume it first")
    return with_images(deployment.template, {change.container: change.after for change in changes})


def _already(deployment: DeploymentState, detail: str) -> RollbackResult:
    return RollbackResult(
        outcome=EffectOutcome.DONE, detail=detail, already=True, generation=deployment.generation
    )


def _superseded(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.SUPERSEDED, detail=detail)


def _refused(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
