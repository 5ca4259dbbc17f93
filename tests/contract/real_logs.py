"""The driver of logs on the real cluster: one pod that writes what it is given, and stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.pod_logs import KubeLogs
from daemon.ports import Logs
from tests.contract.drivers import GOOD
from tests.contract.real import Waiting, client_of, namespace, running
from tests.e2e.app.build import image
from tests.e2e.cluster.cluster import Cluster


class RealLogs(Waiting):
    pod, container = "writer", "writer"

    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        self._machine = cluster
        self._dead = dead
        self.namespace = home
        self.logs: Logs = KubeLogs(client)

    def write(self, *lines: bytes) -> None:
        """Runs of one byte go as a number: an argument cannot have 10 MB."""
        parts = [[(bytes([byte]), len(list(run))) for byte, run in groupby(line)] for line in lines]
        script = (
            "import sys, time\n"
            f"for parts in {parts!r}:\n"
            "    sys.stdout.buffer.write(b''.join(byte * times for byte, times in parts) + b'\\n')\n"
            "    sys.stdout.flush()\n"
            "time.sleep(600)\n"
        )
        container = {"name": self.container, "image": image(GOOD), "command": ["python3", "-c", script]}
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": self._metadata(), "spec": spec}
        self._machine.apply(json.dumps(body))

    def _metadata(self) -> dict[str, str]:
        return {"name": self.pod, "namespace": self.namespace}

    def cut_off(self) -> Logs:
        return KubeLogs(self._dead)


@contextmanager
def log_driver() -> Iterator[RealLogs]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        yield RealLogs(cluster, home, client, dead)
