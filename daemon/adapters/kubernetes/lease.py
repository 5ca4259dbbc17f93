"""The lease of the election: ``coordination.k8s.io/v1``. Its times are for people; nobody decides by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from daemon import ports
from daemon.adapters.kubernetes.client import MERGE_PATCH, KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.resources import LEASES
from daemon.core.election import Lease
from daemon.ports import Clock

MEMBERS = "rollbackd.io/members"
TIMEOUT = 2.0
"""Seconds for the connection, and again for the answer: a holder must be able to try several times."""


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str
    annotations: dict[str, str] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class _Stored(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


class KubeLease:
    """Implements :class:`daemon.ports.Leases`."""

    def __init__(self, client: KubeClient, *, namespace: str, name: str, clock: Clock) -> None:
        self._client = client
        self._namespace, self._name = namespace, name
        self._clock = clock

    def __str__(self) -> str:
        return f"Lease {self._namespace}/{self._name}"

    def allowed(self) -> bool:
        """Raises Denied where it may not be read; ``False``: a server that is down says so later."""
        try:
            self.read()
        except ports.Unavailable:
            return False
        return True

    def read(self) -> Lease | None:
        try:
            raw = self._client.request("GET", self._path, timeout=TIMEOUT)
        except ports.Missing:
            return None
        except ports.Denied as error:
            raise ports.Denied(self._remedy(error)) from error
        return self._decoded(raw)

    def write(self, lease: Lease) -> Lease:
        now = self._clock.now()
        try:
            if lease.version:
                raw = self._client.request(
                    "PATCH",
                    self._path,
                    body={
                        "metadata": {"resourceVersion": lease.version, **_annotated(lease)},
                        "spec": _spec(lease, now),
                    },
                    content_type=MERGE_PATCH,
                    timeout=TIMEOUT,
                )
            else:
                raw = self._client.request(
                    "POST", LEASES.path(self._namespace), body=self._new(lease, now), timeout=TIMEOUT
                )
        except ports.Denied as error:
            raise ports.Denied(self._remedy(error)) from error
        return self._decoded(raw)

    @property
    def _path(self) -> str:
        return LEASES.path(self._namespace, self._name)

    def _new(self, lease: Lease, now: datetime) -> dict[str, Any]:
        return {
            "apiVersion": LEASES.api_version,
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace, **_annotated(lease)},
            "spec": _spec(lease, now),
        }

    def _decoded(self, raw: bytes) -> Lease:
        stored = decode_answer(raw, _Stored, str(self))
        spec = stored.spec
        return Lease(
            holder=spec.holder_identity or "",
            duration=spec.lease_duration_seconds,
            transitions=spec.lease_transitions or 0,
            version=stored.metadata.resource_version,
            members=_members(stored.metadata.annotations or {}),
        )

    def _remedy(self, error: ports.Denied) -> str:
        return (
            f"{error}; the daemon holds {self} while it acts: grant get and patch on it, and create it or "
            "grant create on leases, or set election.enabled: false and run one replica"
        )


def _annotated(lease: Lease) -> dict[str, Any]:
    if lease.members is None:
        return {}
    return {"annotations": {MEMBERS: msgspec.json.encode(lease.members).decode()}}


def _members(annotations: Mapping[str, str]) -> dict[str, str] | None:
    """Nobody is known where somebody else wrote there; the replicas write themselves again."""
    if MEMBERS not in annotations:
        return None
    try:
        return msgspec.json.decode(annotations[MEMBERS], type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def _spec(lease: Lease, now: datetime) -> dict[str, Any]:
    """A merge patch of it: what is ``None`` is taken off. The API server knows whole seconds, from 1."""
    return {
        "holderIdentity": lease.holder or None,
        "leaseDurationSeconds": max(1, round(lease.duration)) if lease.duration is not None else None,
        "leaseTransitions": lease.transitions,
        "renewTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
