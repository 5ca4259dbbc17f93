"""From the API's objects to the core's values: pure. Raises as decoding does (:mod:`.partial`)."""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from daemon.adapters.kubernetes.partial import (
    CHANGE_CAUSE,
    DEFAULT_CONTAINER,
    HASH_LABEL,
    REVISION_HISTORY,
    ROLLBACK,
    Condition,
    ContainerStatus,
    Deployment,
    Owner,
    PodObject,
    PodSpec,
    PodStatus,
    ReplicaSet,
    Waiting,
)
from daemon.adapters.kubernetes.provenance import provenance
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.guards.pause import PAUSE
from daemon.core.model import (
    Container,
    Pod,
    Provenance,
    Revision,
    Role,
    RolloutStatus,
    Workload,
    WorkloadRef,
)

MAX_CHANGE_CAUSE = 1024
"""Characters of a change-cause that are kept: it is free text of any length, and cases carry it."""


class Template(msgspec.Struct, frozen=True):
    """A pod template as it is kept: equal digests mean equal templates, the pod-template hash aside."""

    digest: bytes
    packed: bytes

    @staticmethod
    def of(raw: Mapping[str, Any]) -> Template:
        text = canonical(raw)
        return Template(digest=hashlib.sha256(text).digest(), packed=zlib.compress(text))

    def unpack(self) -> dict[str, Any]:
        return cast("dict[str, Any]", msgspec.json.decode(zlib.decompress(self.packed)))


class KeptReplicaSet(msgspec.Struct, frozen=True):
    """What is remembered of a Deployment's ReplicaSet."""

    revision: Revision
    template: Template
    unmade: str = ""
    """Why its pods cannot be made, in the words of its ``ReplicaFailure`` condition."""


class KeptDeployment(msgspec.Struct, frozen=True):
    """What is remembered of a guarded Deployment."""

    ref: WorkloadRef
    uid: str
    resource_version: str
    created_at: datetime
    labels: Mapping[str, str]
    template_digest: bytes
    status: RolloutStatus
    rollback_token: str
    stop: str | None
    pause: str | None
    provenance: Provenance = Provenance()


def without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template as a Deployment may carry it: the controller's pod-template-hash label taken out.

    Raises ValidationError.
    """
    metadata = msgspec.convert(template.get("metadata") or {}, type=dict[str, Any])
    labels = msgspec.convert(metadata.get("labels") or {}, type=dict[str, Any])
    labels.pop(HASH_LABEL, None)
    return {**template, "metadata": {**metadata, "labels": labels}}


def canonical(template: Mapping[str, Any]) -> bytes:
    """Equal for templates that Kubernetes calls equal, the pod-template-hash label aside.

    The API server serves both sides defaulted and in canonical form; what is left is that an absent list is
    an empty one. Empty objects are kept apart from absent ones, for pointers to structs differ.
    """
    return msgspec.json.encode(_pruned(without_hash(template)), order="sorted")


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _pruned(v) for k, v in value.items() if v is not None and v != []}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value


def same_template(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return canonical(one) == canonical(other)


def images(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The containers' images in order. Raises ValidationError."""
    spec = msgspec.convert(template.get("spec"), type=PodSpec)
    return tuple(container.image for container in spec.containers)


def keep_deployment(raw: bytes) -> KeptDeployment:
    deployment = msgspec.json.decode(raw, type=Deployment)
    meta = deployment.metadata
    return KeptDeployment(
        ref=WorkloadRef(namespace=meta.namespace, name=meta.name),
        uid=meta.uid,
        resource_version=meta.resource_version,
        created_at=meta.creation_timestamp,
        labels=meta.labels or {},
        template_digest=Template.of(deployment.spec.template).digest,
        status=rollout_status(deployment),
        rollback_token=(meta.annotations or {}).get(ROLLBACK, ""),
        stop=(meta.annotations or {}).get(STOP),
        pause=(meta.annotations or {}).get(PAUSE),
        provenance=provenance(meta),
    )


def rollout_status(deployment: Deployment) -> RolloutStatus:
    status = deployment.status
    progressing = condition(status.conditions, "Progressing")
    return RolloutStatus(
        generation=deployment.metadata.generation,
        observed_generation=status.observed_generation,
        desired=deployment.spec.replicas,
        replicas=status.replicas,
        updated=status.updated_replicas,
        available=status.available_replicas,
        paused=deployment.spec.paused,
        progress_reason=progressing.reason if progressing else "",
        progress_message=progressing.message if progressing else "",
    )


def keep_replica_set(replica_set: ReplicaSet) -> KeptReplicaSet:
    failure = condition(replica_set.status.conditions, "ReplicaFailure")
    failed = failure is not None and failure.status == "True"
    return KeptReplicaSet(
        revision=revision(replica_set),
        template=Template.of(replica_set.spec.template),
        unmade=(failure.message or failure.reason) if failure is not None and failed else "",
    )


def revision(replica_set: ReplicaSet) -> Revision:
    """The revision that a ReplicaSet is. Raises ValidationError."""
    meta = replica_set.metadata
    return Revision(
        hash=(meta.labels or {}).get(HASH_LABEL, ""),
        replica_set=meta.name,
        replica_set_uid=meta.uid,
        number=meta.revision,
        images=images(replica_set.spec.template),
        created_at=meta.creation_timestamp,
        change_cause=(meta.annotations or {}).get(CHANGE_CAUSE, "")[:MAX_CHANGE_CAUSE],
        reused=REVISION_HISTORY in (meta.annotations or {}),
    )


OVER = frozenset({"Succeeded", "Failed"})
"""Phases of pods that will not run again; evicted ones stay as ``Failed`` beside their successors."""


def pod(seen: PodObject, replica_set: Owner) -> Pod:
    """``replica_set`` is the pod's controller."""
    status = seen.status
    scheduled = condition(status.conditions, "PodScheduled")
    ready = condition(status.conditions, "Ready")
    stuck = scheduled is not None and scheduled.status == "False" and scheduled.reason == "Unschedulable"
    return Pod(
        name=seen.metadata.name,
        uid=seen.metadata.uid,
        replica_set=replica_set.name,
        replica_set_uid=replica_set.uid,
        created_at=seen.metadata.creation_timestamp,
        ip=status.pod_ip,
        node=seen.spec.node_name,
        ready=ready is not None and ready.status == "True",
        ready_changed_at=ready.last_transition_time if ready else None,
        deleting=seen.metadata.deletion_timestamp is not None,
        unschedulable=(scheduled.message or scheduled.reason) if scheduled and stuck else "",
        finished=_finished(status),
        containers=tuple(_containers(seen)),
        images=tuple(container.image for container in seen.spec.containers),
    )


def _finished(status: PodStatus) -> str:
    if status.phase not in OVER:
        return ""
    return ": ".join(word for word in (status.reason or status.phase, status.message) if word)


def _containers(seen: PodObject) -> Iterable[Container]:
    always = {c.name for c in seen.spec.init_containers or () if c.restart_policy == "Always"}
    for status in seen.status.init_container_statuses or ():
        yield _container(status, Role.SIDECAR if status.name in always else Role.INIT)
    main = _main(seen)
    for status in seen.status.container_statuses or ():
        # The statuses are in the order of names, and not in that of the spec.
        yield _container(status, Role.MAIN if status.name == main else Role.SIDECAR)


def _main(seen: PodObject) -> str:
    """kubectl's default container (kubectl's ``podcmd.FindOrDefaultContainerByName``)."""
    names = [container.name for container in seen.spec.containers]
    wanted = (seen.metadata.annotations or {}).get(DEFAULT_CONTAINER, "")
    return wanted if wanted in names else next(iter(names), "")


def _container(status: ContainerStatus, role: Role) -> Container:
    ended = status.state.terminated or status.last_state.terminated
    waiting = status.state.waiting or Waiting()
    return Container(
        name=status.name,
        role=role,
        ready=status.ready,
        restarts=status.restart_count,
        waiting_reason=waiting.reason,
        waiting_message=waiting.message,
        exit_code=ended.exit_code if ended else None,
        exit_reason=ended.reason if ended else "",
        ended_at=ended.finished_at if ended else None,
        # An id without "@" is the node's own, which no registry and no other node knows the image by. Pods of
        # one image share the text.
        digest=sys.intern(status.image_id.partition("@")[2]),
    )


def condition(conditions: Iterable[Condition] | None, kind: str) -> Condition | None:
    return next((found for found in conditions or () if found.type == kind), None)


def current(digest: bytes, kept: Iterable[KeptReplicaSet]) -> Revision | None:
    """The revision in place, or ``None`` until the controller has made or renumbered its ReplicaSet.

    The controller gives the ReplicaSet of the Deployment's template the highest number. One that equals the
    template with a lower number is an earlier rollout's, about to become a new one: it is not named with the
    number of the rollout before. Of several equal ones it is the oldest, as the controller chooses.
    """
    kept = tuple(kept)
    equal = [own.revision for own in kept if own.template.digest == digest]
    if not equal:
        return None
    chosen = min(equal, key=lambda r: (r.created_at, r.replica_set))
    highest = max(own.revision.number for own in kept)
    return chosen if chosen.number >= highest else None


def workload(
    deployment: KeptDeployment,
    kept: Iterable[KeptReplicaSet],
    pods: Iterable[Pod],
    departed: Mapping[str, str],
) -> Workload:
    pods = sorted(pods, key=lambda p: p.name)
    kept = sorted(kept, key=lambda own: (own.revision.number, own.revision.created_at))
    return Workload(
        ref=deployment.ref,
        uid=deployment.uid,
        resource_version=deployment.resource_version,
        created_at=deployment.created_at,
        labels=deployment.labels,
        current=current(deployment.template_digest, kept),
        revisions=tuple(own.revision for own in kept),
        pods=tuple(pod for pod in pods if not pod.finished),
        finished=tuple(pod for pod in pods if pod.finished),
        departed=departed,
        unmade={own.revision.replica_set_uid: own.unmade for own in kept if own.unmade},
        status=deployment.status,
        rollback_token=deployment.rollback_token,
        stop=deployment.stop,
        pause=deployment.pause,
        provenance=deployment.provenance,
    )
