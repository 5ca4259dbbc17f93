"""The driver of what stands around a Deployment on the real cluster."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.nodes import KubeNodes
from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.gauges import PrometheusGauges
from daemon.core.model import Pod
from daemon.ports import Gauges, Neighbours, Nodes
from daemon.settings import PrometheusSettings
from tests.contract.drivers import GOOD
from tests.contract.real import CLOSED, Deployed, Waiting, client_of, cluster_driver, running
from tests.contract.real_pods import scrape_interval
from tests.e2e.app.manifests import Gl006, config_map, deployment
from tests.e2e.cluster.cluster import Cluster
from tests.example import DEPENDENCIES

PORT = 8000


class RealSurroundings(Waiting):
    """The database is a stand-in of the application under the database's label."""

    dependency, neighbour = "scada", "postgresql"

    def __init__(self, deployed: Deployed, cluster: Cluster, client: KubeClient) -> None:
        self._deployed = deployed
        self._machine = cluster
        self._client = client
        self._opened: list[PrometheusClient] = []
        self.namespace = deployed.ref.namespace
        self.interval = scrape_interval(cluster)
        self.gauges: Gauges = self._gauges(cluster.prometheus_url)
        self.neighbours: Neighbours = deployed.cluster
        self.nodes: Nodes = KubeNodes(client)

    def close(self) -> None:
        for client in self._opened:
            client.close()

    def now(self) -> float:
        return time.time()

    def deploy(self, *, replicas: int = 2) -> None:
        self._deployed.deploy(GOOD, replicas=replicas)

    def pods(self) -> Sequence[Pod]:
        workload = self._deployed.cluster.workload(self._deployed.ref)
        return tuple(p for p in workload.pods if p.ready and not p.deleting) if workload else ()

    def reach(self, up: bool) -> None:
        for pod in self.pods():
            _set_fault(pod.ip, {} if up else {"scada_down": True})

    def run_database(self) -> None:
        app = Gl006(namespace=self.namespace, name=self.neighbour, tag=GOOD, replicas=1, config_name="db")
        self._machine.apply(config_map(app))
        self._machine.apply(deployment(app))

    def spoil_database(self) -> None:
        selected = ("get", "pods", f"--selector=app={self.neighbour}", "--output=json")
        for pod in json.loads(self._deployed.kubectl(*selected))["items"]:
            _set_fault(pod["status"]["podIP"], {"ready": False})

    def remove_database(self) -> None:
        self._deployed.kubectl("delete", f"deployment/{self.neighbour}", "--wait=true")

    def blind(self) -> Gauges:
        return self._gauges(CLOSED.replace("https", "http"))

    def _gauges(self, url: str) -> PrometheusGauges:
        settings = PrometheusSettings(url=url)
        self._opened.append(PrometheusClient(settings, SystemClock()))
        return PrometheusGauges(self._opened[-1], settings, DEPENDENCIES, SystemClock())


def _set_fault(ip: str, fault: dict[str, bool]) -> None:
    request = urllib.request.Request(
        f"http://{ip}:{PORT}/fault", data=json.dumps(fault).encode(), method="PUT"
    )
    with urllib.request.urlopen(request, timeout=5):
        pass


@contextmanager
def driver() -> Iterator[RealSurroundings]:
    with cluster_driver() as deployed, client_of(running()) as client:
        made = RealSurroundings(deployed, running(), client)
        try:
            yield made
        finally:
            made.close()
