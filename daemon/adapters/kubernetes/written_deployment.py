"""A Deployment and its ReplicaSets as they are read to be written, and the ends that a write can come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from daemon.adapters.kubernetes import objects, partial
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.model import WorkloadRef
from daemon.ports import RollbackResult

Patch = list[dict[str, Any]]
Plan = RollbackResult | tuple[Patch, str]
"""What is to be written, with what is said of it then; or how it ends without a write."""


def if_unchanged(patch: Patch, version: str) -> Patch:
    """The patch for an object at this resourceVersion: at another one it conflicts."""
    return [*patch, {"op": "replace", "path": "/metadata/resourceVersion", "value": version}]


class WrittenSpec(partial.DeploymentSpec, frozen=True, kw_only=True):
    selector: partial.Selector


class WrittenDeployment(partial.Partial, frozen=True):
    metadata: partial.DeploymentMetadata
    spec: WrittenSpec
    status: partial.DeploymentStatus = partial.DeploymentStatus()

    @property
    def observed(self) -> bool:
        """Whether the controller has seen the newest spec, so that revision numbers tell the rollout."""
        return self.status.observed_generation >= self.metadata.generation

    @property
    def stop(self) -> str | None:
        """The emergency stop's reason, which may be empty; ``None`` where no stop is set."""
        return (self.metadata.annotations or {}).get(STOP)

    @property
    def image(self) -> str:
        return ", ".join(objects.images(self.spec.template)) or "(no image)"

    @property
    def changed_by(self) -> str:
        """Who wrote the template last, as far as the field managers tell."""
        writers = [m for m in self.metadata.managed_fields or () if m.time and m.wrote_template]
        last = max(writers, key=lambda m: m.time, default=None)
        return f", last written by {last.manager} at {last.time}" if last else ""


def template_of(replica_set: Mapping[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", replica_set["spec"]["template"])


def by_uid(sets: Sequence[dict[str, Any]], uid: str) -> dict[str, Any] | None:
    return next((own for own in sets if own["metadata"]["uid"] == uid), None)


def by_hash(sets: Sequence[dict[str, Any]], digest: str) -> dict[str, Any] | None:
    """A ReplicaSet that somebody deleted comes back with another UID and the same hash."""
    return next(
        (s for s in sets if digest and (s["metadata"].get("labels") or {}).get(partial.HASH_LABEL) == digest),
        None,
    )


def paused(ref: WorkloadRef) -> str:
    return (
        f"Deployment {ref} is paused: resume it with "
        f"'kubectl rollout resume deployment/{ref.name} -n {ref.namespace}'"
    )


def metadata_of(sets: Sequence[dict[str, Any]]) -> list[partial.Metadata]:
    return [msgspec.convert(own["metadata"], type=partial.Metadata, strict=False) for own in sets]


def number_of(metadata: partial.Metadata) -> int:
    """The revision number; 0, which says nothing, where somebody wrote nonsense there."""
    try:
        return metadata.revision
    except msgspec.ValidationError:
        return 0


def token_of(metadata: partial.Metadata) -> str:
    return (metadata.annotations or {}).get(partial.ROLLBACK, "")


def already(deployment: WrittenDeployment, detail: str) -> RollbackResult:
    generation = deployment.metadata.generation
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=True, generation=generation)


def marked(deployment: WrittenDeployment, sets: Sequence[dict[str, Any]], token: str) -> bool:
    """Whether the write of this token was made, whatever was applied since."""
    bearers = (deployment.metadata, *metadata_of(sets))
    return bool(token) and any(token_of(found) == token for found in bearers)
