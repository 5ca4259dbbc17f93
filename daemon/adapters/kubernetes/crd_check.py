"""Whether the installed CustomResourceDefinition knows all that this daemon writes.

Its schema is read from the API server's OpenAPI document, which every account may read; the definition itself
is not in a namespace, and would need a right of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from daemon import ports
from daemon.adapters.kubernetes.case_codec import KIND
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.crd import Schema, spec_schema, status_schema
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.resources import CASES

PATH = f"/openapi/v3/apis/{CASES.group}/{CASES.version}"
TIMEOUT = 2.0
"""Seconds for the answer."""
EVERY = 60.0
"""Seconds between two looks while the definition is old, or it is not known whether it is."""
NAMED = 4
"""Fields that are named one by one."""
REMEDY = (
    "apply the one of this version: kubectl apply -f helm/rollbackd/crds/rolloutcases.yaml "
    "(helm upgrade leaves it as it was)"
)


class _Kind(msgspec.Struct):
    kind: str = ""


class _Named(msgspec.Struct):
    kinds: list[_Kind] = msgspec.field(name="x-kubernetes-group-version-kind", default_factory=list)


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw] = {}


class _Document(msgspec.Struct):
    components: _Components = msgspec.field(default_factory=_Components)


def outdated(client: KubeClient) -> str:
    """What the installed definition lacks, in a sentence with the remedy; empty where it lacks nothing, or is
    not there at all, which the cases' store says. Raises PortError."""
    try:
        document = client.read(PATH, _Document, timeout=TIMEOUT)
    except ports.Missing:
        return ""
    for raw in document.components.schemas.values():
        kinds = decode_answer(bytes(raw), _Named, f"GET {PATH}").kinds
        if any(one.kind == KIND for one in kinds):
            return _sentence(decode_answer(bytes(raw), dict[str, Any], f"GET {PATH}"))
    return ""


def _sentence(installed: Schema) -> str:
    written: Schema = {
        "type": "object",
        "properties": {"spec": spec_schema(), "status": status_schema()},
    }
    found = list(lacking(installed, written, ""))
    if not found:
        return ""
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return (
        f"it is older than this daemon and knows nothing of {', '.join(found[:NAMED])}{more}, so no case can "
        f"be stored and nothing is done; {REMEDY}"
    )


def lacking(installed: Any, written: Schema, path: str) -> Iterator[str]:
    """The fields, and the values of enumerations, that the one schema has and the other has not."""
    if not isinstance(installed, dict):
        yield path
        return
    allowed = installed.get("enum")
    if isinstance(allowed, list):
        yield from (f"{path}={value}" for value in written.get("enum", ()) if value not in allowed)
    for part, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if part in written:
            yield from lacking(installed.get(part), written[part], path + mark)
    known = installed.get("properties")
    for name, field in written.get("properties", {}).items():
        there = known.get(name) if isinstance(known, dict) else None
        yield from lacking(there, field, f"{path}.{name}" if path else name)


class CaseDefinition:
    """Asked for the standing problems, at each poll: the definition is looked at once, and again while it is
    old. Thread-safe."""

    def __init__(self, client: KubeClient, clock: ports.Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._problem: str | None = None
        """Empty once it was seen to be new enough."""
        self._next = 0.0

    def problems(self) -> Mapping[str, str]:
        """The definition → what is wrong with it."""
        if self._problem != "" and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return {f"CustomResourceDefinition {CASES}": self._problem} if self._problem else {}

    def _look(self) -> None:
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        try:
            self._problem = outdated(self._client)
        except ports.PortError:
            # Whether it is old is asked again; that the API server does not answer is said by others.
            return
