"""A fleet on the API server: Deployments whose pods run on nodes that exist there alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.fleet.exporter import GOOD
from benchmarks.scaling.past import past
from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import MERGE_PATCH, KubeClient
from daemon.adapters.kubernetes.resources import CONFIG_MAPS, DEPLOYMENTS, NODES
from daemon.core.case.case import Case
from daemon.core.model import WorkloadRef
from tests.e2e.cluster import kwok
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.stage import wait_for

IN_NAMESPACE = 100
"""Deployments of one namespace."""
REPLICAS = 3
ON_NODE = 500
"""Pods of one node."""
KEPT = 20
"""Cases of each workload, as the default of ``policy.keep`` has them."""
PARALLEL = 8
PARTS = 5
"""In which the making of cases is reported."""
LABEL = {"app.kubernetes.io/part-of": "fleet"}


@dataclass(frozen=True)
class Crowd:
    """``size`` Deployments, in as many namespaces as they need."""

    cluster: Cluster
    client: KubeClient
    size: int

    @property
    def refs(self) -> list[WorkloadRef]:
        return [
            WorkloadRef(namespace=f"fleet-{number // IN_NAMESPACE}", name=f"app-{number}")
            for number in range(self.size)
        ]

    @property
    def namespaces(self) -> list[str]:
        return list(dict.fromkeys(ref.namespace for ref in self.refs))

    def make(self) -> None:
        kwok.start(self.cluster)
        for number in range(-(-self.size * (REPLICAS + 1) // ON_NODE)):
            self.client.request("POST", NODES.path(), body=_node(f"fleet-node-{number}"))
        for namespace in self.namespaces:
            self.cluster.kubectl("create", "namespace", namespace)
        self._each(self._make_one)

    def _make_one(self, ref: WorkloadRef) -> None:
        self.client.request("POST", CONFIG_MAPS.path(ref.namespace), body=_settings(ref))
        self.client.request("POST", DEPLOYMENTS.path(ref.namespace), body=_app(ref))

    def remove(self) -> None:
        names = self.namespaces
        self.cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)
        wait_for("the fleet's namespaces to end", lambda: not _there(self.cluster, names), within=600)
        nodes = self.cluster.kubectl("get", "nodes", "-l", kwok.SELECTOR, "-o", "name").split()
        if nodes:
            self.cluster.kubectl("delete", "--wait=false", *nodes)

    def remember(self, store: KubeCaseStore, adopted: Iterable[Case], say: Callable[[str], None]) -> None:
        """Give each workload the finished cases that a year in service leaves behind."""
        jobs = [past(case, number) for case in adopted for number in range(1, KEPT)]
        part = max(1, -(-len(jobs) // PARTS))
        with ThreadPoolExecutor(PARALLEL) as pool:
            for begin in range(0, len(jobs), part):
                list(pool.map(store.create, jobs[begin : begin + part]))
                say(f"  {min(begin + part, len(jobs))} of {len(jobs)} cases")

    def release(self, refs: Sequence[WorkloadRef], tag: str) -> dict[WorkloadRef, float]:
        """Give them another image; when each was asked for (Unix seconds)."""

        def one(ref: WorkloadRef) -> float:
            asked = time.time()
            patch = {"spec": {"template": {"spec": {"containers": [_container(ref, tag)]}}}}
            path = DEPLOYMENTS.path(ref.namespace, ref.name)
            self.client.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
            return asked

        with ThreadPoolExecutor(PARALLEL) as pool:
            return dict(zip(refs, pool.map(one, refs), strict=True))

    def _each(self, act: Callable[[WorkloadRef], object]) -> None:
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(act, self.refs))


def case_store(client: KubeClient, namespaces: Sequence[str]) -> KubeCaseStore:
    return KubeCaseStore(client, namespaces=namespaces, clock=SystemClock(), on_problem=partial(print))


def _there(cluster: Cluster, names: Sequence[str]) -> list[str]:
    found = json.loads(cluster.kubectl("get", "namespaces", "-o", "json"))["items"]
    return [one["metadata"]["name"] for one in found if one["metadata"]["name"] in names]


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1000Gi", "pods": str(2 * ON_NODE)}
    key, value = kwok.SELECTOR.split("=")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {key: value}, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {"taints": [{"key": key, "value": value, "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room},
    }


def _container(ref: WorkloadRef, tag: str) -> dict[str, Any]:
    settings = {"configMapRef": {"name": _settings(ref)["metadata"]["name"]}}
    return {"name": "app", "image": f"registry.example/app:{tag}", "envFrom": [settings]}


def _settings(ref: WorkloadRef) -> dict[str, Any]:
    """The ConfigMap of a workload, which the daemon asks for while no case is active."""
    name = f"{ref.name}-settings"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"LEVEL": "1"}}


def _app(ref: WorkloadRef) -> dict[str, Any]:
    key, value = kwok.SELECTOR.split("=")
    spec = {
        "nodeSelector": {key: value},
        "tolerations": [{"key": key, "operator": "Exists"}],
        "automountServiceAccountToken": False,
        "containers": [_container(ref, GOOD)],
    }
    labels = {"app": ref.name, **LABEL}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": ref.name}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
