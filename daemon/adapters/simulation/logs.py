"""What simulated pods write to their logs: :class:`daemon.ports.Logs`."""

from __future__ import annotations

import threading
from collections import defaultdict

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.model import Pod
from daemon.core.rollout_facts.log_lines import split
from daemon.ports import Clock, LogTail, Missing, Rejected


class MemoryLogs:
    """Lines are written by each pod of an image tag, or by one pod; a pod that is gone has no log."""

    def __init__(self, cluster: MemoryCluster, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self._written: defaultdict[str, list[tuple[float, bytes]]] = defaultdict(list)
        """Tag or pod → when, and the line."""

    def tail(self, namespace: str, pod: str, container: str, *, seconds: float, lines: int) -> LogTail:
        found = self._pod(namespace, pod)
        if found.containers and container not in {one.name for one in found.containers}:
            raise Rejected(f"container {container} is not valid for pod {pod}")
        server = self._cluster.server(pod)
        tag = server.tag if server is not None else ""
        since = self._clock.now().timestamp() - seconds
        with self._lock:
            written = sorted([*self._written[tag], *self._written[pod]], key=lambda one: one[0])
        recent = [line for at, line in written if at >= since][-lines:]
        return LogTail(lines=split(b"\n".join(recent)))

    def _pod(self, namespace: str, name: str) -> Pod:
        there = (w for w in self._cluster.workloads() if w.ref.namespace == namespace)
        found = next((pod for w in there for pod in w.pods if pod.name == name), None)
        if found is None:
            raise Missing(f'pods "{name}" not found')
        return found

    def write(self, who: str, *lines: bytes) -> None:
        """Pods of this image tag, or the pod of this name, write these lines now."""
        at = self._clock.now().timestamp()
        with self._lock:
            self._written[who].extend((at, line) for line in lines)
