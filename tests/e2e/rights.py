"""What a chart grants, and what the API server's record says was asked, as the same kind of value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

FORBIDDEN = 403


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a kind of object; ``resource`` with its subresource, such as ``pods/log``."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


@dataclass(frozen=True)
class Asked:
    """A request as the API server answered it; ``namespace`` is empty for what belongs to none."""

    user: str
    right: Right
    namespace: str
    code: int
    reason: str = ""

    @property
    def refused(self) -> bool:
        return self.code == FORBIDDEN

    def __str__(self) -> str:
        return f"{self.right} in {self.namespace or 'the cluster'}, asked by {self.user}: {self.reason}"


class _User(msgspec.Struct, frozen=True):
    username: str


class _Of(msgspec.Struct, frozen=True, rename="camel"):
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    api_group: str = ""


class _Answer(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    verb: str
    user: _User
    request_received_timestamp: datetime
    object_ref: _Of | None = None
    response_status: _Answer = _Answer()


_DECODER = msgspec.json.Decoder(_Event)


def asked(log: Path, since: datetime) -> Iterator[Asked]:
    """What accounts asked from a time on; a line that is still being written is left out.

    So is what is no object of the API, such as /version.
    """
    with log.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                return
            event = _DECODER.decode(line)
            of = event.object_ref
            if of is not None and event.request_received_timestamp >= since:
                resource = f"{of.resource}/{of.subresource}" if of.subresource else of.resource
                yield Asked(
                    user=event.user.username,
                    right=Right(of.api_group, resource, event.verb),
                    namespace=of.namespace,
                    code=event.response_status.code,
                    reason=event.response_status.message,
                )


def rights_of(manifests: Iterable[Mapping[str, Any]], home: str) -> set[Right]:
    """What Roles and ClusterRoles grant that are bound to service accounts of the namespace ``home``."""
    objects = list(manifests)
    bound = {
        (one["roleRef"]["kind"], one["roleRef"]["name"])
        for one in objects
        if one["kind"] in ("RoleBinding", "ClusterRoleBinding")
        and any(subject.get("namespace") == home for subject in one["subjects"])
    }
    return {
        Right(group, resource, verb)
        for one in objects
        if one["kind"] in ("Role", "ClusterRole") and (one["kind"], one["metadata"]["name"]) in bound
        for rule in one["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def refusals(record: Iterable[Asked], wanted: Collection[tuple[str, str]]) -> list[str]:
    """Each kind of request that was refused, once, but for those to (namespace, resource) in ``wanted``."""
    refused = (one for one in record if one.refused)
    return sorted({str(one) for one in refused if (one.namespace, one.right.resource) not in wanted})


def amiss(granted: Collection[Right], record: Iterable[Asked], excused: Mapping[Right, str]) -> list[str]:
    """What is granted and was not used though nothing excuses it, and excuses that excuse nothing."""
    used = {one.right for one in record if not one.refused}
    return [
        *(f"granted and never used: {right}" for right in sorted(set(granted) - used - set(excused))),
        *(f"excused, and used: {right}" for right in sorted(used & set(excused))),
        *(f"excused, and never granted: {right}" for right in sorted(set(excused) - set(granted))),
    ]
