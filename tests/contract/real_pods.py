"""The drivers of the adapters that look at the pods themselves: what they count, and how they are."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from daemon.adapters.clock import SystemClock
from daemon.adapters.http_health import HttpHealthProbe
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.model import Pod, Workload
from daemon.core.signals.sample import Sample
from daemon.settings import PrometheusSettings
from tests.contract.real import CLOSED, Deployed, Waiting, cluster_driver, running
from tests.e2e.cluster.cluster import Cluster
from tests.example import HEALTH, SIGNALS


class RealMetrics(Waiting):
    signal = "errors"
    rps = 5.0

    def __init__(self, deployed: Deployed, cluster: Cluster) -> None:
        self._deployed = deployed
        self._up = _metrics(cluster.prometheus_url)
        self._down = _metrics(CLOSED.replace("https", "http"))
        self._outage = False
        self.interval = scrape_interval(cluster)

    @property
    def metrics(self) -> PrometheusMetrics:
        return self._down if self._outage else self._up

    def close(self) -> None:
        self._up.close()
        self._down.close()

    def deploy(self, tag: str, *, replicas: int = 2) -> None:
        self._deployed.deploy(tag, replicas=replicas)

    def scale(self, replicas: int) -> None:
        self._deployed.scale(replicas)

    def pods(self) -> Sequence[Pod]:
        workload = self._deployed.cluster.workload(self._deployed.ref)
        return tuple(p for p in workload.pods if p.ready and not p.deleting) if workload else ()

    def samples(self) -> Sequence[Sample]:
        reading = self.metrics.read(self.signal)
        assert not reading.problem
        return tuple(s for s in reading.samples if s.namespace == self._deployed.ref.namespace)

    def outage(self, on: bool) -> None:
        """Ours alone: others use the same Prometheus."""
        self._outage = on


def _metrics(url: str) -> PrometheusMetrics:
    return PrometheusMetrics(PrometheusSettings(url=url), SIGNALS, SystemClock())


def scrape_interval(cluster: Cluster) -> float:
    with urllib.request.urlopen(f"{cluster.prometheus_url}/api/v1/status/config", timeout=5) as answer:
        text: str = json.load(answer)["data"]["yaml"]
    found = re.search(r"scrape_interval: (?:(\d+)s)?(?:(\d+)ms)?", text)
    assert found is not None
    return int(found[1] or 0) + int(found[2] or 0) / 1000


@contextmanager
def metrics_driver() -> Iterator[RealMetrics]:
    with cluster_driver() as deployed:
        driver = RealMetrics(deployed, running())
        try:
            yield driver
        finally:
            driver.close()


class RealProbe(Waiting):
    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self.cluster = deployed.cluster
        self.probe = HttpHealthProbe(HEALTH, SystemClock())

    def deploy(self, tag: str) -> Workload:
        self._deployed.deploy(tag, replicas=1)
        return self.until("the containers run", self._running)

    def delete(self) -> None:
        self._deployed.delete()

    def _running(self) -> Workload | None:
        workload = self._deployed.cluster.workload(self._deployed.ref)
        up = workload is not None and workload.pods and all(pod.ip for pod in workload.pods)
        return workload if up else None


@contextmanager
def probe_driver() -> Iterator[RealProbe]:
    with cluster_driver() as deployed:
        yield RealProbe(deployed)
