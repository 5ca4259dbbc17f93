"""What stands over a Deployment: objects that name it as what they scale, follow or replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from daemon import ports
from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import UNDECODABLE
from daemon.adapters.kubernetes.objects import keep_deployment, workload
from daemon.adapters.kubernetes.resources import CANARIES, DEPLOYMENTS, HPAS, ROLLOUTS, Resource
from daemon.adapters.kubernetes.store import Guard
from daemon.core.model import WorkloadRef
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner, Ownership, ownership

REFERENCES = {HPAS: "scaleTargetRef", ROLLOUTS: "workloadRef", CANARIES: "targetRef"}
"""The field of each object's spec that names the Deployment."""
TIMEOUT = 2.0
"""Seconds for one answer: a rollback waits for it."""
KINDS = {ROLLOUTS: OwnerKind.ROLLOUT, CANARIES: OwnerKind.CANARY}


class _Named(partial.Partial, frozen=True):
    kind: str = ""
    name: str = ""


class _Metadata(partial.Partial, frozen=True):
    name: str


class _Object(partial.Partial, frozen=True):
    metadata: _Metadata
    spec: dict[str, Any] = msgspec.field(default_factory=dict)


class KubeSurveyor:
    """Implements :class:`daemon.ports.Surveyor`. A kind that is not installed stands over nothing."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def around(self, ref: WorkloadRef) -> Ownership:
        owners: list[Owner] = []
        doubts: list[str] = []
        scalers: list[str] = []
        for resource, field in REFERENCES.items():
            try:
                found = tuple(self._naming(resource, field, ref))
            except ports.Missing:
                continue
            except ports.Denied:
                doubts.append(f"whether {resource} name the Deployment is not known: they may not be listed")
                continue
            except ports.PortError as error:
                doubts.append(f"whether {resource} name the Deployment is not known: {error}")
                continue
            kind = KINDS.get(resource)
            if kind is None:
                scalers += found
            else:
                owners += [_owner(kind, name, ref, field) for name in found]
        scaled_by = f"HorizontalPodAutoscaler {', '.join(scalers)}" if scalers else ""
        return Ownership(owners=tuple(owners), scaled_by=scaled_by, doubts=tuple(doubts))

    def _naming(self, resource: Resource, field: str, ref: WorkloadRef) -> Iterator[str]:
        for raw in self._client.list(resource, ref.namespace, timeout=TIMEOUT).items:
            try:
                seen = msgspec.json.decode(raw, type=_Object)
                named = msgspec.convert(seen.spec.get(field) or {}, type=_Named)
            except UNDECODABLE:
                continue
            if named == _Named(kind="Deployment", name=ref.name):
                yield seen.metadata.name


def _owner(kind: OwnerKind, name: str, ref: WorkloadRef, field: str) -> Owner:
    return Owner(kind=kind, name=name, namespace=ref.namespace, evidence=f"its {field}")


def survey(client: KubeClient, namespaces: Sequence[str], guard: Guard) -> Mapping[WorkloadRef, Ownership]:
    """Who else owns each guarded Deployment there is. Raises Denied, Unavailable."""
    surveyor = KubeSurveyor(client)
    found: dict[WorkloadRef, Ownership] = {}
    for namespace in namespaces:
        for raw in client.list(DEPLOYMENTS, namespace).items:
            try:
                kept = keep_deployment(raw)
            except UNDECODABLE:
                continue
            if guard(kept.ref, kept.labels):
                seen = workload(kept, (), (), {})
                found[kept.ref] = ownership(seen, surveyor.around(kept.ref))
    return found
