"""Health endpoints of simulated pods."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.model import Pod
from daemon.core.rollout_facts.endpoints import Endpoint
from daemon.ports import Health


class MemoryHealthProbe:
    """Implements :class:`daemon.ports.HealthProbe`: asks the pods, not the API server.

    A path that names readiness (``/ready``) answers well while the pod is ready, any other while it runs.
    """

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._broken: dict[tuple[str, str], str] = {}

    def probe(self, pods: Sequence[Pod], endpoints: Sequence[Endpoint]) -> tuple[Health, ...]:
        return tuple(self._ask(pod.name, endpoint) for pod in pods for endpoint in endpoints)

    def break_path(self, path: str, tag: str, detail: str = "500") -> None:
        """Pods of this image tag answer the path badly from now on; an empty ``detail`` mends it."""
        with self._lock:
            self._broken[path, tag] = detail

    def _ask(self, pod: str, endpoint: Endpoint) -> Health:
        ok, detail = self._answer(pod, endpoint.path)
        return Health(pod=pod, path=str(endpoint), ok=ok, detail=detail)

    def _answer(self, pod: str, path: str) -> tuple[bool, str]:
        server = self._cluster.server(pod)
        if server is None or not server.running:
            return False, "connection refused"
        with self._lock:
            broken = self._broken.get((path, server.tag), "")
        if broken:
            return False, broken
        if "ready" in path and not server.serving:
            return False, "503"
        return True, "200"
