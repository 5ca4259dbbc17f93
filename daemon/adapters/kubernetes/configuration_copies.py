"""What ConfigMaps hold, the daemon's copies of it, and how a copy is put back.

A copy is an immutable ConfigMap of the daemon's own, owned by the Deployment, whose name follows from the
workload, the ConfigMap and the content. What is put back carries the resourceVersion that was read a moment
before, and only where that is the version that the decision was taken on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from daemon import ports
from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.case_codec import label_value
from daemon.adapters.kubernetes.client import JSON_PATCH, KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.outcomes import refused, superseded
from daemon.adapters.kubernetes.resources import CONFIG_MAPS, DEPLOYMENTS
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.configuration_content import (
    BACKUP,
    LARGEST,
    ConfigMapState,
    Drift,
    digest_of,
    size_of,
)
from daemon.core.rollout_facts.configuration_diff import ConfigMapData, configuration_diff
from daemon.core.rollout_facts.copies import copy_name
from daemon.ports import RollbackResult

TIMEOUT = 2.0
"""Seconds for one answer."""
TRIES = 3
"""How often a write is tried against a ConfigMap that keeps changing; each try compares anew."""
RESTORED = "rollbackd.io/restored"
"""The token of the intent that restored the ConfigMap last."""
COPY_OF = "rollbackd.io/copy-of"
"""On a copy: the ConfigMap's name, whole as an annotation and cut as a label."""
MANAGER = {"fieldManager": "rollbackd"}


class _Manager(partial.Partial, frozen=True):
    manager: str = ""
    time: datetime | None = None


class _Metadata(partial.Metadata, frozen=True, kw_only=True):
    managed_fields: list[_Manager] | None = None


class _ConfigMap(partial.Partial, frozen=True):
    metadata: _Metadata
    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool | None = None

    @property
    def version(self) -> str:
        return f"{self.metadata.uid}/{self.metadata.resource_version}"

    @property
    def digest(self) -> str:
        return digest_of(self.data or {}, self.binary_data or {})

    @property
    def content(self) -> ConfigMapData:
        return ConfigMapData(text=self.data or {}, binary=self.binary_data or {})

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((*(self.data or {}), *(self.binary_data or {})))

    @property
    def size(self) -> int:
        return size_of(self.data or {}, self.binary_data or {})

    @property
    def token(self) -> str:
        return (self.metadata.annotations or {}).get(RESTORED, "")

    @property
    def written_at(self) -> datetime | None:
        """``None`` where a writer of it left no time."""
        writes = self.metadata.managed_fields or ()
        times = [write.time for write in writes if write.time is not None]
        return max(times) if times and len(times) == len(writes) else None

    @property
    def changed_by(self) -> str:
        last = max(
            (write for write in self.metadata.managed_fields or () if write.time is not None),
            key=lambda write: write.time.timestamp() if write.time is not None else 0.0,
            default=None,
        )
        if last is None or last.time is None:
            return ""
        return f" by {last.manager} at {last.time:%Y-%m-%d %H:%M:%S}"

    @property
    def fields(self) -> dict[str, Any]:
        """What it holds, as a new object would name it."""
        named = {"data": self.data, "binaryData": self.binary_data}
        return {name: value for name, value in named.items() if value}


class KubeConfigurationCopies:
    """Implements ``ConfigurationCopies`` and ``ConfigurationRestorer`` of :mod:`daemon.ports`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def look(self, namespace: str, name: str) -> ConfigMapState:
        found = self._read(namespace, name)
        if found is None:
            return ConfigMapState(version=ABSENT)
        return ConfigMapState(
            version=found.version,
            digest=found.digest,
            size=found.size,
            immutable=bool(found.immutable),
            written_at=found.written_at,
            changed_by=found.changed_by,
            keys=found.keys,
        )

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        found = self._read(ref.namespace, name)
        if found is None or found.digest != digest:
            return False
        if found.size > LARGEST:
            raise ports.Rejected(
                f"ConfigMap {name} holds {found.size} bytes, and no more than {LARGEST} are kept"
            )
        # Kept before, by the same name and so with the same content.
        with contextlib.suppress(ports.Conflict):
            self._create(ref.namespace, _copy(ref, uid, found))
        return True

    def kept(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        return self._copy_of(ref, uid, name, digest) is not None

    def compare(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> tuple[str, ...] | None:
        before, now = self._copy_of(ref, uid, name, digest), self._read(ref.namespace, name)
        if before is None or now is None:
            return None
        return configuration_diff(name, before.content, now.content)

    def _copy_of(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> _ConfigMap | None:
        """The copy, where it holds what its name says."""
        found = self._read(ref.namespace, copy_name(uid, name, digest))
        return found if found is not None and found.digest == digest else None

    def drop(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> None:
        copy = self._read(ref.namespace, copy_name(uid, name, digest))
        if copy is None or COPY_OF not in (copy.metadata.labels or {}):
            return
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": copy.metadata.uid}}
        path = CONFIG_MAPS.path(ref.namespace, copy.metadata.name)
        with contextlib.suppress(ports.Missing, ports.Conflict):
            self._client.request("DELETE", path, body=options)

    def restore(self, ref: WorkloadRef, uid: str, drift: Drift, token: str) -> RollbackResult:
        conflict: ports.Conflict | None = None
        for _ in range(TRIES):
            now = self._read(ref.namespace, drift.name)
            ended = _ended(drift, now, token)
            if ended is not None:
                return ended
            source = self._source(ref, uid, drift)
            if source is None:
                return refused(f"there is no copy of what ConfigMap {drift.name} held")
            try:
                return self._put(ref.namespace, drift.name, now, source, token)
            except ports.Conflict as error:
                conflict = error
            except ports.Missing:
                # Deleted between the look and the write: the next look says so.
                continue
            except ports.Rejected as error:
                return refused(f"the API server does not accept what ConfigMap {drift.name} held: {error}")
        raise ports.Unavailable(f"ConfigMap {drift.name} changed under each of {TRIES} writes") from conflict

    def _source(self, ref: WorkloadRef, uid: str, drift: Drift) -> _ConfigMap | None:
        """What to put back; ``None`` where it is gone, or does not hold what its name says."""
        name = copy_name(uid, drift.name, drift.digest)
        if drift.source == "backup":
            name = f"{drift.name}{BACKUP}"
        found = self._read(ref.namespace, name)
        return found if found is not None and found.digest == drift.digest else None

    def _put(
        self, namespace: str, name: str, now: _ConfigMap | None, source: _ConfigMap, token: str
    ) -> RollbackResult:
        if now is None:
            made = {"metadata": {"name": name, "annotations": {RESTORED: token}}, **source.fields}
            self._create(namespace, made)
            return _done(f"ConfigMap {name} was made again")
        annotations = {**(now.metadata.annotations or {}), RESTORED: token}
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": now.metadata.resource_version},
            # "add" to an existing member replaces it (RFC 6902, 4.1).
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
            {"op": "add", "path": "/data", "value": source.data or {}},
            {"op": "add", "path": "/binaryData", "value": source.binary_data or {}},
        ]
        path = CONFIG_MAPS.path(namespace, name)
        self._client.request("PATCH", path, query=MANAGER, body=patch, content_type=JSON_PATCH)
        return _done(f"ConfigMap {name} was restored")

    def _read(self, namespace: str, name: str) -> _ConfigMap | None:
        path = CONFIG_MAPS.path(namespace, name)
        try:
            return decode_answer(
                self._client.request("GET", path, timeout=TIMEOUT), _ConfigMap, f"GET {path}"
            )
        except ports.Missing:
            return None

    def _create(self, namespace: str, fields: Mapping[str, Any]) -> None:
        body = {"apiVersion": CONFIG_MAPS.api_version, "kind": "ConfigMap", **fields}
        self._client.request("POST", CONFIG_MAPS.path(namespace), query=MANAGER, body=body)


def _copy(ref: WorkloadRef, uid: str, found: _ConfigMap) -> dict[str, Any]:
    owner = {"apiVersion": DEPLOYMENTS.api_version, "kind": "Deployment", "name": ref.name, "uid": uid}
    return {
        "metadata": {
            "name": copy_name(uid, found.metadata.name, found.digest),
            "labels": {
                "app.kubernetes.io/managed-by": "rollbackd",
                COPY_OF: label_value(found.metadata.name),
            },
            "annotations": {COPY_OF: found.metadata.name},
            "ownerReferences": [owner],
        },
        **found.fields,
        "immutable": True,
    }


def _ended(drift: Drift, now: _ConfigMap | None, token: str) -> RollbackResult | None:
    """How the restoring ends without a write; ``None`` where there is one to be made."""
    if now is not None and now.digest == drift.digest:
        return _done(f"ConfigMap {drift.name} holds what it should already", already=True)
    version = now.version if now is not None else ABSENT
    if version != drift.seen:
        again = " after it was restored" if now is not None and now.token == token else ""
        what = f"was changed{now.changed_by}" if now is not None else "was deleted"
        return superseded(f"ConfigMap {drift.name} {what}{again}")
    if now is not None and now.immutable:
        return refused(f"ConfigMap {drift.name} is immutable")
    return None


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already)
