"""Looks around a namespace: its Deployments, and the series of their pods that Prometheus has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from daemon.adapters.prometheus.client import PrometheusClient
from daemon.core.rollout_facts.endpoints import of_template
from daemon.ports import Missing
from daemon.settings.inventory import FoundDeployment, FoundSeries, Inventory
from daemon.settings.promql_names import label, quoted
from daemon.settings.proposed_signals import TIMED

LABELS = (
    ("namespace", "pod"),
    ("kubernetes_namespace", "kubernetes_pod_name"),
    ("k8s_namespace_name", "k8s_pod_name"),
    ("k8s.namespace.name", "k8s.pod.name"),
    ("namespace", "pod_name"),
    ("exported_namespace", "exported_pod"),
)
"""Under which a series' namespace and pod are, the usual first."""
MOST_PODS = 3
"""Pods of a Deployment that are looked at: all of a kind export the same metrics."""
COUNTED = ".+_(total|count|bucket)"


class _Meta(msgspec.Struct, frozen=True):
    metadata: partial.Metadata


def look_around(kube: KubeClient, prometheus: PrometheusClient, namespace: str) -> Inventory:
    """Raises PortError: Missing where the namespace has no Deployment."""
    templates = _deployments(kube, namespace)
    if not templates:
        raise Missing(
            f"namespace {namespace} has no Deployment, or does not exist: see kubectl get deployments -A"
        )
    pods = _pods(kube, namespace)
    names = [name for each in pods.values() for name in each]
    space, pod = _joined(prometheus, namespace, names)
    found = tuple(
        FoundDeployment(
            name=name,
            pods=len(pods.get(uid, ())),
            probes=tuple(str(one) for one in of_template(template).asked),
            series=tuple(_series(prometheus, space, namespace, pod, pods.get(uid, ()))) if pod else (),
        )
        for name, uid, template in templates
    )
    return Inventory(
        namespace=namespace,
        prometheus=prometheus.address,
        deployments=found,
        pod_label=pod,
        namespace_label=space,
    )


def _deployments(kube: KubeClient, namespace: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Name, UID and raw template of each, by name; the daemon's own is left out."""
    items = kube.list(DEPLOYMENTS, namespace).items
    read = [decode_answer(raw, partial.Deployment, "a Deployment") for raw in items]
    others = [one for one in read if (one.metadata.labels or {}).get("app.kubernetes.io/name") != "rollbackd"]
    return sorted((one.metadata.name, one.metadata.uid, one.spec.template) for one in others)


def _pods(kube: KubeClient, namespace: str) -> dict[str, list[str]]:
    """Deployment's UID → its pods, the oldest first."""
    owners = {}
    for raw in kube.list(REPLICA_SETS, namespace).items:
        meta = decode_answer(raw, _Meta, "a ReplicaSet").metadata
        if (owner := meta.controller("Deployment")) is not None:
            owners[meta.uid] = owner.uid
    found: dict[str, list[str]] = {}
    metas = [decode_answer(raw, _Meta, "a pod").metadata for raw in kube.list(PODS, namespace).items]
    for meta in sorted(metas, key=lambda one: one.creation_timestamp):
        owner = meta.controller("ReplicaSet")
        if owner is not None and owner.uid in owners and meta.deletion_timestamp is None:
            found.setdefault(owners[owner.uid], []).append(meta.name)
    return found


def _joined(prometheus: PrometheusClient, namespace: str, pods: Sequence[str]) -> tuple[str, str]:
    """The labels by which series are joined to these pods; empty where none are."""
    for space, pod in LABELS if pods else ():
        if prometheus.instant(f"count({_of(space, namespace, pod, pods[:50])})").series:
            return space, pod
    return "", ""


def _series(
    prometheus: PrometheusClient, space: str, namespace: str, pod: str, pods: Sequence[str]
) -> Iterator[FoundSeries]:
    if not pods:
        return
    counted = _of(space, namespace, pod, pods[:MOST_PODS], f'__name__=~"{COUNTED}"')
    for row in prometheus.instant(counted).series:
        yield FoundSeries(labels=row.labels, value=float(row.points[0][1]))
    timed = _of(space, namespace, pod, pods[:MOST_PODS], f'__name__=~"{TIMED.pattern}"')
    for row in prometheus.layout(timed).series:
        if not row.points:
            yield FoundSeries(labels=row.labels, native=True)


def _of(space: str, namespace: str, pod: str, pods: Sequence[str], *more: str) -> str:
    """A selector; names of pods hold dots at most, which a pattern has to quote."""
    names = "|".join(name.replace(".", "\\.") for name in pods)
    matchers = (f"{label(space)}={quoted(namespace)}", f"{label(pod)}=~{quoted(names)}", *more)
    return "{" + ",".join(matchers) + "}"
