"""Cases as ``RolloutCase`` objects and back."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from daemon import ports
from daemon.adapters.kubernetes.errors import UNDECODABLE
from daemon.adapters.kubernetes.resources import CASES
from daemon.core.case.case import Case, Spec, Status
from daemon.core.case.conditions import conditions

KIND = "RolloutCase"
WORKLOAD_LABEL = "rollbackd.io/workload"
REVISION_HASH_LABEL = "rollbackd.io/revision-hash"


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str


class _Name(msgspec.Struct, frozen=True):
    name: str = "(no name)"
    namespace: str = "(no namespace)"


class _Named(msgspec.Struct, frozen=True):
    metadata: _Name = _Name()


class _Stored(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: Spec
    status: Status | None = None
    """Absent when the daemon died between the two writes of a creation."""


def decode(raw: bytes, namespace: str, name: str) -> Case:
    """The stored case. Raises Rejected, with what is wrong and where, when it makes no sense."""
    try:
        stored = msgspec.json.decode(raw, type=_Stored)
    except UNDECODABLE as error:
        raise ports.Rejected(
            f"case {namespace}/{name} makes no sense: {error}; "
            f"delete it (kubectl delete rolloutcase {name} -n {namespace}) or restore it"
        ) from error
    return Case(
        namespace=stored.metadata.namespace,
        name=stored.metadata.name,
        spec=stored.spec,
        status=stored.status or Status(),
        uid=stored.metadata.uid,
        resource_version=stored.metadata.resource_version,
    )


def named(raw: bytes) -> tuple[str, str]:
    """A listed object's namespace and name, however little sense the rest makes."""
    try:
        metadata = msgspec.json.decode(raw, type=_Named).metadata
    except UNDECODABLE:
        metadata = _Name()
    return metadata.namespace, metadata.name


def new_object(case: Case) -> dict[str, Any]:
    """The object to create. It has no owner: a case outlives its Deployment."""
    labels = {
        WORKLOAD_LABEL: label_value(case.spec.workload),
        REVISION_HASH_LABEL: label_value(case.spec.revision.hash),
    }
    return {
        "apiVersion": CASES.api_version,
        "kind": KIND,
        "metadata": {"name": case.name, "namespace": case.namespace, "labels": labels},
        "spec": encode(case.spec),
    }


FORGER = "nobody: rollbackd asks whether foreign names are refused"


def forged(case: Case) -> dict[str, Any]:
    """A case that was never opened, with an instruction in somebody's name who did not write it."""
    order = structs.replace(case.spec.instruction, by=FORGER) if case.spec.instruction else None
    spec = structs.replace(case.spec, instruction=order)
    return new_object(structs.replace(case, name=f"{case.name[:200].rstrip('.-')}-forged", spec=spec))


def status_object(case: Case) -> dict[str, Any]:
    """The object to put on the status subresource, valid for the version that the case was read at."""
    return {
        "apiVersion": CASES.api_version,
        "kind": KIND,
        "metadata": {
            "name": case.name,
            "namespace": case.namespace,
            "resourceVersion": case.resource_version,
        },
        "spec": encode(case.spec),
        "status": encode(case.status) | {"conditions": encode(conditions(case))},
    }


def instruction_patch(case: Case) -> dict[str, Any]:
    """A merge patch that replaces the instruction: all its fields are always named."""
    return {
        "metadata": {"resourceVersion": case.resource_version},
        "spec": {"instruction": encode(case.spec.instruction)},
    }


def encode(value: object) -> Any:
    """JSON values of a struct, whole but for absent optional values, which are left out.

    The API server takes no null for an enumeration, nullable or not; a null that a field requires stays.
    """
    if isinstance(value, msgspec.Struct) and not value.__struct_config__.array_like:
        pairs = ((field, getattr(value, field.name)) for field in structs.fields(value))
        return {f.encode_name: encode(v) for f, v in pairs if v is not None or f.required}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return msgspec.to_builtins(value)


def label_value(text: str) -> str:
    """At most 63 characters with an alphanumeric end, as label values must be; names are valid otherwise."""
    return text[:63].rstrip("-._")
