"""Putting a Deployment's template back: ``kubectl rollout undo``, with preconditions.

What is written is what kubectl writes (kubectl's ``polymorphichelpers/rollback.go``): the target
ReplicaSet's template without the controller's hash label, and its annotations, except for those that
belong to the Deployment itself. Added are the resourceVersion that the decision was taken on, and the token
of the intent, by which a write whose answer was lost is known again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from daemon import ports
from daemon.adapters.kubernetes import objects, partial
from daemon.adapters.kubernetes.client import JSON_PATCH, KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.image_patch import images_step
from daemon.adapters.kubernetes.outcomes import refused, superseded
from daemon.adapters.kubernetes.resources import DEPLOYMENTS, REPLICA_SETS
from daemon.adapters.kubernetes.selectors import selector_text
from daemon.adapters.kubernetes.written_deployment import (
    Patch,
    Plan,
    WrittenDeployment,
    already,
    by_hash,
    by_uid,
    if_unchanged,
    marked,
    metadata_of,
    number_of,
    paused,
    template_of,
)
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP, stopped_by
from daemon.core.case.guards.pause import PAUSE
from daemon.core.case.images import ImageChange
from daemon.core.case.rollback_target import RESTARTED
from daemon.core.model import Revision, WorkloadRef
from daemon.ports import RollbackResult

KEPT_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        partial.REVISION,
        partial.REVISION_HISTORY,
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
        STOP,
        PAUSE,
    }
)
"""Annotations of the Deployment's own that an undo leaves as they are.

The controller copies what people write there to the ReplicaSet of the time; a stop of then is not one of now.
"""
TRIES = 5
"""How often a write is tried against a Deployment that keeps changing in ways that do not matter."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A rollback as it is asked for; without a token it is a person's."""

    ref: WorkloadRef
    judged: Revision
    target: Revision
    token: str = ""


class RestartIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A restart of the target's pods as it is asked for."""

    ref: WorkloadRef
    target: Revision
    at: str
    token: str


class KubeActuator:
    """Implements :class:`daemon.ports.Actuator`. ``dry_run`` lets the server check all and keep nothing."""

    def __init__(self, client: KubeClient, *, dry_run: bool = False) -> None:
        self._client = client
        self._dry_run = dry_run

    def undo(
        self, ref: WorkloadRef, uid: str, *, judged: Revision, target: Revision, token: str = ""
    ) -> RollbackResult:
        intent = Intent(ref=ref, judged=judged, target=target, token=token)

        def step(deployment: WrittenDeployment) -> Plan:
            return _undo(intent, deployment, self._replica_sets(ref, deployment))

        try:
            return self._write(ref, uid, step)
        except ports.Rejected as error:
            return refused(f"the API server does not accept the template of {target}: {error}")

    def restart_target(
        self, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
    ) -> RollbackResult:
        intent = RestartIntent(ref=ref, target=target, at=at, token=token)

        def step(deployment: WrittenDeployment) -> Plan:
            return _restart(intent, deployment, self._replica_sets(ref, deployment))

        return self._write(ref, uid, step)

    def stop(self, ref: WorkloadRef) -> str | None:
        path = DEPLOYMENTS.path(ref.namespace, ref.name)
        try:
            return self._client.read(path, WrittenDeployment).stop
        except ports.Missing:
            return None

    def set_images(self, ref: WorkloadRef, uid: str, changes: Sequence[ImageChange]) -> RollbackResult:
        try:
            return self._write(ref, uid, lambda deployment: images_step(ref, deployment, changes))
        except ports.Rejected as error:
            return refused(f"the API server does not accept the image: {error}")

    def _write(self, ref: WorkloadRef, uid: str, step: Callable[[WrittenDeployment], Plan]) -> RollbackResult:
        """Superseded where the Deployment is not the one of this UID any more."""

        def of_this_one(deployment: WrittenDeployment) -> Plan:
            if deployment.metadata.uid != uid:
                return superseded(f"Deployment {ref} was deleted and made again")
            return step(deployment)

        try:
            return self._patch(ref, of_this_one)
        except ports.Missing:
            return superseded(f"Deployment {ref} does not exist any more")

    def _patch(self, ref: WorkloadRef, step: Callable[[WrittenDeployment], Plan]) -> RollbackResult:
        """Read, decide, patch; again from the start whenever the Deployment changed in between."""
        path = DEPLOYMENTS.path(ref.namespace, ref.name)
        query = {"fieldManager": "rollbackd"} | ({"dryRun": "All"} if self._dry_run else {})
        conflict: ports.Conflict | None = None
        for _ in range(TRIES):
            deployment = self._client.read(path, WrittenDeployment)
            plan = step(deployment)
            if isinstance(plan, RollbackResult):
                return plan
            patch, done = plan
            patch = if_unchanged(patch, deployment.metadata.resource_version)
            try:
                answer = self._client.request("PATCH", path, query=query, body=patch, content_type=JSON_PATCH)
            except ports.Conflict as error:
                conflict = error
                continue
            written = decode_answer(answer, WrittenDeployment, f"PATCH {path}").metadata.generation
            return RollbackResult(
                outcome=EffectOutcome.DONE,
                detail=f"{done} (dry run)" if self._dry_run else done,
                generation=written,
            )
        raise ports.Unavailable(f"Deployment {ref} changed under each of {TRIES} writes") from conflict

    def _replica_sets(self, ref: WorkloadRef, deployment: WrittenDeployment) -> Sequence[dict[str, Any]]:
        """The raw ReplicaSets that the Deployment's selector matches and that it controls."""
        listing = self._client.list(
            REPLICA_SETS, ref.namespace, selector=selector_text(deployment.spec.selector)
        )
        what = f"ReplicaSets of {ref}"
        return [
            decode_answer(raw, dict[str, Any], what)
            for raw in listing.items
            if (owner := decode_answer(raw, partial.ReplicaSet, what).metadata.controller("Deployment"))
            and owner.uid == deployment.metadata.uid
        ]


def _undo(intent: Intent, deployment: WrittenDeployment, sets: Sequence[dict[str, Any]]) -> Plan:
    ref, judged, target = intent.ref, intent.judged, intent.target
    here = deployment.spec.template
    wanted = by_uid(sets, target.replica_set_uid)
    if wanted is not None and objects.same_template(here, template_of(wanted)):
        return already(deployment, f"{ref} has the template of {target} already")
    if marked(deployment, sets, intent.token):
        return already(
            deployment,
            f"{ref} was given the template of {target}, and {deployment.image} was applied over it since"
            f"{deployment.changed_by}",
        )
    blamed = by_uid(sets, judged.replica_set_uid) or by_hash(sets, judged.hash)
    if blamed is None or not objects.same_template(here, template_of(blamed)):
        return superseded(
            f"{ref} does not have the template of {judged} any more: "
            f"it now has {deployment.image}{deployment.changed_by}"
        )
    newest = max(number_of(found) for found in (deployment.metadata, *metadata_of(sets)))
    if newest > judged.number:
        return superseded(
            f"{ref} was rolled out again since {judged} was judged: it is at revision {newest} now"
            f"{deployment.changed_by}"
        )
    if deployment.stop is not None:
        return refused(str(stopped_by(ref, deployment.stop)))
    if intent.token and not deployment.observed:
        raise ports.Unavailable(
            f"the controller has not seen the newest generation of Deployment {ref}: "
            f"whether {judged} is still its current rollout is not known yet"
        )
    if wanted is None:
        return refused(f"ReplicaSet {target.replica_set} of {target} is gone, so its template is not known")
    if deployment.spec.paused:
        return refused(paused(ref))
    patch: Patch = [
        {"op": "replace", "path": "/spec/template", "value": objects.without_hash(template_of(wanted))},
        # "add" to an existing member replaces it (RFC 6902, 4.1), and does not fail without annotations.
        {
            "op": "add",
            "path": "/metadata/annotations",
            "value": annotations_after(deployment.metadata, wanted, intent.token),
        },
    ]
    return patch, f"put the template of {target} back in place of {judged}"


def annotations_after(
    metadata: partial.Metadata, target: Mapping[str, Any], token: str = ""
) -> dict[str, str]:
    """The Deployment's annotations after an undo to the target ReplicaSet; no older token is left."""
    theirs = cast("dict[str, str]", target["metadata"].get("annotations") or {})
    own = {k: v for k, v in (metadata.annotations or {}).items() if k in KEPT_ANNOTATIONS}
    dropped = KEPT_ANNOTATIONS | {partial.ROLLBACK}
    after = own | {k: v for k, v in theirs.items() if k not in dropped}
    return after | ({partial.ROLLBACK: token} if token else {})


def _restart(intent: RestartIntent, deployment: WrittenDeployment, sets: Sequence[dict[str, Any]]) -> Plan:
    ref, target = intent.ref, intent.target
    if marked(deployment, sets, intent.token):
        return already(deployment, f"{ref} was restarted at {target} already")
    wanted = by_uid(sets, target.replica_set_uid)
    if wanted is None or not objects.same_template(deployment.spec.template, template_of(wanted)):
        return superseded(
            f"{ref} does not have the template of {target} any more: "
            f"it now has {deployment.image}{deployment.changed_by}"
        )
    if deployment.stop is not None:
        return refused(str(stopped_by(ref, deployment.stop)))
    if deployment.spec.paused:
        return refused(paused(ref))
    template = objects.without_hash(template_of(wanted))
    metadata = template.get("metadata") or {}
    stamped = {**(metadata.get("annotations") or {}), RESTARTED: intent.at}
    marks = {**(deployment.metadata.annotations or {}), partial.ROLLBACK: intent.token}
    patch: Patch = [
        {
            "op": "replace",
            "path": "/spec/template",
            "value": {**template, "metadata": {**metadata, "annotations": stamped}},
        },
        {"op": "add", "path": "/metadata/annotations", "value": marks},
    ]
    return patch, f"restarted {ref} at {target}"
