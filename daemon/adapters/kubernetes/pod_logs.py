"""Logs of containers: the newest lines, bounded in bytes, lines and time."""

from __future__ import annotations

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.resources import PODS
from daemon.core.rollout_facts.log_lines import split

TIMEOUT = 3.0
"""Seconds for each wait for the server, which asks the kubelet in its turn."""
MOST_BYTES = 1_048_576
"""Of one answer. The server counts them from the oldest line that was asked for."""
FEWER = 10
"""Where they do not suffice, so many times fewer lines are asked for: the newest ones matter."""
_NO_LOG_YET = ("is waiting to start", "has not started", "ContainerCreating", "PodInitializing")


class KubeLogs:
    """Implements :class:`daemon.ports.Logs`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def tail(self, namespace: str, pod: str, container: str, *, seconds: float, lines: int) -> ports.LogTail:
        path = PODS.path(namespace, pod, "log")
        query = {
            "container": container,
            "previous": "false",
            "sinceSeconds": str(max(1, round(seconds))),
            "limitBytes": str(MOST_BYTES),
        }
        while True:
            data = self._read(path, query | {"tailLines": str(lines)})
            whole = len(data) < MOST_BYTES
            if whole or lines <= 1:
                return ports.LogTail(lines=split(data), cut=not whole)
            lines = max(1, lines // FEWER)

    def _read(self, path: str, query: dict[str, str]) -> bytes:
        try:
            return self._client.text(path, query=query, most=MOST_BYTES, timeout=TIMEOUT)
        except ports.Rejected as error:
            if any(words in str(error) for words in _NO_LOG_YET):
                return b""
            raise
