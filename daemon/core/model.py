"""The nouns every layer shares: workloads, revisions, pods, signals, samples, alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from daemon.core.value import Instant, Value

LONGEST_PREFIX = 58
"""Characters of a generated name before its random end."""


class WorkloadRef(Value, frozen=True, order=True):
    """Names one Deployment."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Revision(Value, frozen=True):
    """One pod template of a Deployment, in the form of its ReplicaSet.

    ``hash`` is the pod-template hash; it and ``replica_set_uid`` identify the template. ``number`` is the
    ``deployment.kubernetes.io/revision`` annotation: an undo gives an old ReplicaSet a new number, so
    (``replica_set_uid``, ``number``) identifies one *rollout* of the template.
    """

    hash: str
    replica_set: str
    replica_set_uid: str
    number: int
    images: tuple[str, ...]
    created_at: Instant
    change_cause: str = ""
    reused: bool = False
    """Whether the ReplicaSet bore another number before: an undo, or the same template applied again."""

    @property
    def image(self) -> str:
        """The first container's image: what a person calls the version."""
        return self.images[0] if self.images else "(no image)"

    @property
    def tag(self) -> str:
        """The short digest of an image that is pinned, else its tag, or the image where it has neither."""
        name = self.image.rsplit("/", 1)[-1]
        if "@" in name:
            return name.split("@", 1)[1][:19]
        return name.rsplit(":", 1)[-1]

    def same_rollout(self, other: Revision) -> bool:
        return self.replica_set_uid == other.replica_set_uid and self.number == other.number

    @property
    def pod_prefix(self) -> str:
        """What its pods' names begin with, five characters before their end; empty where names cannot tell.

        The API server cuts a generated name's prefix to 58 characters and adds five
        (apiserver/pkg/storage/names/generate.go). A prefix that was cut has lost some of the hash, and
        revisions or Deployments of similar names share it.
        """
        prefix = f"{self.replica_set}-"
        return prefix if len(prefix) <= LONGEST_PREFIX else ""

    def __str__(self) -> str:
        return f"revision {self.number} ({self.tag})"


class Role(StrEnum):
    """What a container is for in its pod."""

    MAIN = "main"
    """What the pod is there for: kubectl's default container, which is the first where no annotation says."""
    INIT = "init"
    """Runs to its end before the main one starts; until it succeeds it is tried again."""
    SIDECAR = "sidecar"
    """Runs beside the main one: another container, or an init container that is restarted always."""


class Container(Value, frozen=True):
    """What the kubelet says of one container."""

    name: str
    role: Role = Role.MAIN
    ready: bool = False
    restarts: int = 0
    """Over the pod's whole life."""
    waiting_reason: str = ""
    waiting_message: str = ""
    exit_code: int | None = None
    """Of the last termination; ``None`` while it never ended."""
    exit_reason: str = ""
    ended_at: Instant | None = None
    """When that was, by its node's clock: for words, and never compared with another clock's time."""
    digest: str = ""
    """Of the image that it runs (``sha256:…``), as its registry has it; empty where no pod says."""


class Pod(Value, frozen=True):
    """``replica_set_uid`` is its owner's, by reference; ``created_at`` is the API server's time."""

    name: str
    uid: str
    replica_set: str
    replica_set_uid: str
    created_at: Instant
    ip: str = ""
    node: str = ""
    ready: bool = False
    ready_changed_at: Instant | None = None
    """When it became ready, or ceased to be, by its node's clock: for words."""
    deleting: bool = False
    unschedulable: str = ""
    """The scheduler's message while it finds no node."""
    finished: str = ""
    """Why it will not run again (evicted, preempted, its node shut down); empty while it may."""
    containers: tuple[Container, ...] = ()
    images: tuple[str, ...] = ()

    @property
    def restarts(self) -> int:
        return sum(container.restarts for container in self.containers)


class RolloutStatus(Value, frozen=True):
    """A Deployment's own account of its rollout (fields of its spec and status)."""

    generation: int
    observed_generation: int
    desired: int
    replicas: int
    updated: int
    available: int
    paused: bool = False
    progress_reason: str = ""
    """Of the ``Progressing`` condition, e.g. ``ProgressDeadlineExceeded``."""
    progress_message: str = ""

    @property
    def observed(self) -> bool:
        return self.observed_generation >= self.generation

    def timed_out(self, revision: Revision) -> bool:
        """Whether the progress deadline passed in the rollout of this revision.

        The condition outlives its rollout: the controller does not write it anew while status and reason
        stay the same (``SetDeploymentCondition`` in pkg/controller/deployment/util), so right after an undo
        it may still be the rollout before that timed out. Its message names the ReplicaSet that did.
        """
        named = f'"{revision.replica_set}"' in self.progress_message
        return self.observed and self.progress_reason == "ProgressDeadlineExceeded" and named

    @property
    def complete(self) -> bool:
        """kubectl's rule (``rollout status``): every wanted replica is updated and available, none is old."""
        return (
            self.observed
            and self.updated >= self.desired
            and self.replicas <= self.updated
            and self.available >= self.updated
        )

    def __str__(self) -> str:
        return f"{self.updated} of {self.desired} updated, {self.available} available, {self.replicas} in all"


class Writer(Value, frozen=True):
    """An entry of ``managedFields``: who owns fields of the Deployment, and of which kind.

    ``at`` is the API server's time of its last change, to the second.
    """

    name: str
    at: Instant | None = None
    template: bool = False
    """Whether it owns fields of the pod template."""
    replicas: bool = False
    scaled: bool = False
    """Whether it wrote through the ``scale`` subresource, as autoscalers do."""


class Provenance(Value, frozen=True):
    """What a Deployment's metadata tells of whoever made it and writes it, its labels aside."""

    annotations: Mapping[str, str] = {}
    """Those that owners leave; what was last applied is shortened to nothing."""
    controller: str = ""
    """The owner reference that controls it, as ``Kind/name``."""
    writers: tuple[Writer, ...] = ()


class Workload(Value, frozen=True):
    """A guarded Deployment with its ReplicaSets and pods, as last seen.

    ``current`` is the revision whose template equals the Deployment's; ``None`` for the moment between a
    change and the controller's ReplicaSet for it. ``pods`` may run or come to run; those that are over and
    only not cleared away are in ``finished``, and never count as its pods.
    """

    ref: WorkloadRef
    uid: str
    resource_version: str
    created_at: Instant
    labels: Mapping[str, str]
    current: Revision | None
    revisions: tuple[Revision, ...]
    pods: tuple[Pod, ...]
    status: RolloutStatus
    finished: tuple[Pod, ...] = ()
    departed: Mapping[str, str] = {}
    """Pods that are gone and whose names do not tell: name → UID of the ReplicaSet that owned it."""
    unmade: Mapping[str, str] = {}
    """ReplicaSet's UID → why its pods cannot be made, in the words of its ``ReplicaFailure`` condition."""
    rollback_token: str = ""
    """The token of the rollback that was patched in last, empty where none was."""
    stop: str | None = None
    """The emergency stop's reason, which may be empty; ``None`` where no stop is set."""
    pause: str | None = None
    """The pause annotation as it was written; ``None`` where there is none."""
    provenance: Provenance = Provenance()

    def revision(self, replica_set_uid: str) -> Revision | None:
        return next((r for r in self.revisions if r.replica_set_uid == replica_set_uid), None)

    def pods_of(self, revision: Revision) -> tuple[Pod, ...]:
        """Those that its ReplicaSet owns, deleted ones that still run included."""
        return tuple(pod for pod in self.pods if pod.replica_set_uid == revision.replica_set_uid)

    @property
    def live(self) -> tuple[Pod, ...]:
        """Pods that nobody has deleted."""
        return tuple(pod for pod in self.pods if not pod.deleting)

    def live_of(self, revision: Revision) -> tuple[Pod, ...]:
        return tuple(pod for pod in self.pods_of(revision) if not pod.deleting)


class Change(StrEnum):
    """What made a revision current."""

    TEMPLATE = "template"
    IMAGE = "image"
    CONFIG = "config"
    RESTART = "restart"
    UNDO = "undo"
    ADOPTED = "adopted"
    CONFIGURATION = "configuration"
    """Nothing did: a ConfigMap that its pods read was changed in place."""


Episode = tuple[str, str, datetime]
"""Identifies one firing of an alert, from its beginning to its end: name, fingerprint, beginning."""


class Alert(Value, frozen=True, omit_defaults=True):
    """One alert of an Alertmanager delivery."""

    fingerprint: str
    name: str
    starts_at: Instant
    status: Literal["firing", "resolved"]
    ends_at: Instant | None = None
    severity: str = ""
    summary: str = ""
    labels: Mapping[str, str] = {}
    replica_set: str = ""
    """Of the revision that it is about; empty where it speaks of the workload as a whole."""

    @property
    def identity(self) -> Episode:
        """The name is in it, for a sender's fingerprints need not tell different alerts apart."""
        return (self.name, self.fingerprint, self.starts_at)
