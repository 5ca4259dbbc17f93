"""Health endpoints of simulated pods."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.model import Pod
from daemon.ports import Health


class MemoryHealthProbe:
    """Implements :class:`daemon.ports.HealthProbe`: asks the pods, not the API server.

    A path that names readiness (``/ready``) answers well while the pod is ready, any other while it runs.
    """

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._broken: dict[tuple[str, str], str] = {}

    def probe(self, pods: Sequence[Pod], paths: Sequence[str]) -> tuple[Health, ...]:
        return tuple(self._ask(pod.name, path) for pod in pods for path in paths)

    def break_path(self, path: str, tag: str, detail: str = "500") -> None:
        """Pods of this image tag answer the path badly from now on; an empty ``detail`` mends it."""
        with self._lock:
            self._broken[path, tag] = detail

    def _ask(self, pod: str, path: str) -> Health:
        server = self._cluster.server(pod)
        if server is None or not server.running:
            return Health(pod=pod, path=path, ok=False, detail="connection refused")
        with self._lock:
            broken = self._broken.get((path, server.tag), "")
        if broken:
            return Health(pod=pod, path=path, ok=False, detail=broken)
        if "ready" in path and not server.serving:
            return Health(pod=pod, path=path, ok=False, detail="503")
        return Health(pod=pod, path=path, ok=True, detail="200")
