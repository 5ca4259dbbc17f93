"""The fields of the API's objects that are read.

Decoding raises ``msgspec.DecodeError`` (its subclass ValidationError says which field) for an object whose
needed fields are missing or of another type; the caller skips that object and says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from daemon.core.value import Instant

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
CHANGE_CAUSE = "kubernetes.io/change-cause"
ROLLBACK = "rollbackd.io/rollback"
"""The token of the rollback that wrote the Deployment; the controller copies it to the ReplicaSet."""


class Partial(msgspec.Struct, frozen=True, rename="camel"):
    """The fields that are read; whatever else an object holds is passed over."""


class Owner(Partial, frozen=True):
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class Metadata(Partial, frozen=True):
    name: str
    namespace: str
    uid: str
    resource_version: str
    creation_timestamp: Instant
    deletion_timestamp: Instant | None = None
    """When the object must be gone: the deletion was asked for its grace period before."""
    deletion_grace_period_seconds: int | None = None
    generation: int = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None

    def controller(self, kind: str) -> Owner | None:
        """The one owner that controls the object, if it is of that kind."""
        return next((o for o in self.owner_references or () if o.controller and o.kind == kind), None)

    @property
    def revision(self) -> int:
        """The revision annotation; 0 without it, as kubectl reads it. Raises ValidationError."""
        text = (self.annotations or {}).get(REVISION, "0")
        try:
            return int(text)
        except ValueError as error:
            raise msgspec.ValidationError(f"annotation {REVISION} is {text!r} and no number") from error


class Condition(Partial, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: Instant | None = None


class DeploymentSpec(Partial, frozen=True):
    template: dict[str, Any]
    replicas: int = 1
    paused: bool = False


class DeploymentStatus(Partial, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Manager(Partial, frozen=True):
    """An entry of ``managedFields``."""

    manager: str = ""
    subresource: str = ""
    time: str = ""
    fields: dict[str, Any] = msgspec.field(name="fieldsV1", default_factory=dict)

    def wrote(self, field: str) -> bool:
        """Whether it owns something of a field of the spec."""
        spec = self.fields.get("f:spec", {})
        return isinstance(spec, dict) and f"f:{field}" in spec

    @property
    def wrote_template(self) -> bool:
        return self.wrote("template")


class DeploymentMetadata(Metadata, frozen=True, kw_only=True):
    managed_fields: list[Manager] | None = None


class Deployment(Partial, frozen=True):
    metadata: DeploymentMetadata
    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()


class Selector(Partial, frozen=True):
    match_labels: dict[str, str] | None = None
    match_expressions: list[dict[str, Any]] | None = None


class ReplicaSetSpec(Partial, frozen=True):
    template: dict[str, Any]


class ReplicaSetStatus(Partial, frozen=True):
    conditions: list[Condition] | None = None


class ReplicaSet(Partial, frozen=True):
    metadata: Metadata
    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class Waiting(Partial, frozen=True):
    reason: str = ""
    message: str = ""


class Terminated(Partial, frozen=True):
    exit_code: int
    reason: str = ""
    finished_at: Instant | None = None


class State(Partial, frozen=True):
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Partial, frozen=True):
    name: str
    ready: bool = False
    restart_count: int = 0
    image_id: str = msgspec.field(name="imageID", default="")
    state: State = State()
    last_state: State = State()


class ContainerSpec(Partial, frozen=True):
    name: str = ""
    image: str = ""
    """Optional in a template: an admission controller may fill it in."""


class InitContainerSpec(Partial, frozen=True):
    name: str
    restart_policy: str = ""
    """``Always`` makes it a sidecar."""


class PodSpec(Partial, frozen=True):
    containers: list[ContainerSpec]
    init_containers: list[InitContainerSpec] | None = None
    node_name: str = ""


class PodStatus(Partial, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class PodObject(Partial, frozen=True):
    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PodStatus()


class ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class Page(msgspec.Struct):
    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


class Listing(msgspec.Struct, frozen=True):
    """A list or a page of it: every object undecoded, and the version of the world it shows."""

    items: tuple[bytes, ...]
    resource_version: str
