"""Versions of what pod templates name: its metadata alone is asked for, and what it holds never travels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from daemon import ports
from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, VOLUME_CLAIMS
from daemon.core.rollout_facts.configuration import ABSENT, ObjectVersion, Reference

TIMEOUT = 2.0
"""Seconds for one answer."""
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
RESOURCES = {
    "ConfigMap": CONFIG_MAPS,
    "Secret": SECRETS,
    "ServiceAccount": SERVICE_ACCOUNTS,
    "PersistentVolumeClaim": VOLUME_CLAIMS,
}


class _Write(partial.Partial, frozen=True):
    time: datetime | None = None


class _Metadata(partial.Metadata, frozen=True, kw_only=True):
    managed_fields: list[_Write] | None = None


class _Object(partial.Partial, frozen=True):
    metadata: _Metadata


class KubeConfiguration:
    """Implements :class:`daemon.ports.Configuration`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        path = RESOURCES[reference.kind].path(namespace, reference.name)
        try:
            raw = self._client.request("GET", path, accept=METADATA_ONLY, timeout=TIMEOUT)
        except ports.Missing:
            return ObjectVersion(version=ABSENT)
        found = decode_answer(raw, _Object, f"GET {path}").metadata
        return ObjectVersion(version=f"{found.uid}/{found.resource_version}", written_at=_written(found))


def _written(found: _Metadata) -> datetime | None:
    """Its last write, as its managed fields tell; ``None`` where a writer of it left no time."""
    writes = found.managed_fields or ()
    times = list(_times(writes))
    return max(times) if times and len(times) == len(writes) else None


def _times(writes: Iterable[_Write]) -> Iterable[datetime]:
    return (write.time for write in writes if write.time is not None)
