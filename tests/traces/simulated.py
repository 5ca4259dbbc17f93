"""Simulated nodes for what cannot be done to the one real node: drains, losses, reclaims."""

from __future__ import annotations

import time

from tests.e2e.cluster.cluster import Cluster
from tests.traces.api import MERGE_PATCH, Api

SMALL = {"cpu": "4", "memory": "8Gi", "pods": "20"}


class Nodes:
    """Nodes of one scene, told apart from those of others by the label ``group``."""

    def __init__(self, cluster: Cluster, api: Api, *, group: str) -> None:
        self._cluster = cluster
        self._api = api
        self._group = group

    def add(self, *names: str, capacity: dict[str, str] | None = None) -> None:
        """Add nodes and wait until pods can be put on them."""
        for name in names:
            full = self.name(name)
            node = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": full,
                    "labels": {"type": "kwok", "group": self._group, "kubernetes.io/hostname": full},
                },
                "spec": {"taints": [{"key": "kwok", "effect": "NoSchedule"}]},
                "status": {"capacity": capacity or SMALL, "allocatable": capacity or SMALL},
            }
            self._api.ask("POST", "/api/v1/nodes", node)
        for name in names:
            self._await(self.name(name))

    def name(self, short: str) -> str:
        return f"{self._group}-{short}"

    def delete(self, name: str) -> None:
        self._api.ask("DELETE", f"/api/v1/nodes/{self.name(name)}")

    def lose(self, name: str) -> None:
        """From here on nobody renews the node's lease, as when it lost its power or its network."""
        self._label(name, "lost")

    def find(self, name: str) -> None:
        self._label(name, "kwok")

    def remove_all(self) -> None:
        self._cluster.kubectl("delete", "nodes", "-l", f"group={self._group}", "--wait=false")

    def _label(self, name: str, kind: str) -> None:
        patch = {"metadata": {"labels": {"type": kind}}}
        self._api.ask("PATCH", f"/api/v1/nodes/{self.name(name)}", patch, content=MERGE_PATCH)

    def _await(self, full: str) -> None:
        edge = time.monotonic() + 30
        while time.monotonic() < edge:
            node = self._api.get(f"/api/v1/nodes/{full}")
            conditions = {c["type"]: c["status"] for c in node["status"].get("conditions", [])}
            tainted = any("not-ready" in taint["key"] for taint in node["spec"].get("taints", []))
            if conditions.get("Ready") == "True" and not tainted:
                return
            time.sleep(0.3)
        raise TimeoutError(f"node {full} was not ready within 30 s")
