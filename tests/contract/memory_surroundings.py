"""The driver of the simulated surroundings."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.core.model import Pod
from daemon.ports import Gauges, Unavailable
from tests.contract.drivers import GOOD
from tests.contract.memory import IMAGE, REF, MemoryWaiting
from tests.simulation.faulty import (
    FaultyCluster,
    FaultySurroundings,
)


class MemorySurroundingsDriver(MemoryWaiting):
    dependency, neighbour, interval = "scada", "postgresql", 5.0
    namespace = REF.namespace

    def __init__(self) -> None:
        super().__init__()
        self._cluster = FaultyCluster(self.clock)
        self._twin = FaultySurroundings(
            self._cluster, self.clock, [self.dependency], scrape_interval=self.interval
        )
        self.gauges = self.neighbours = self.nodes = self._twin

    def now(self) -> float:
        return self.clock.now().timestamp()

    def deploy(self, *, replicas: int = 2) -> None:
        self._cluster.apply(REF, image=f"{IMAGE}:{GOOD}", replicas=replicas)

    def pods(self) -> Sequence[Pod]:
        workload = self._cluster.workload(REF)
        return tuple(pod for pod in workload.pods if pod.ready and not pod.deleting) if workload else ()

    def reach(self, up: bool) -> None:
        self._twin.down(self.dependency, not up)

    def run_database(self) -> None:
        self._twin.neighbour(self.namespace, self.neighbour, ready=1, pods=["postgresql-0"])

    def spoil_database(self) -> None:
        self._twin.neighbour(self.namespace, self.neighbour, ready=0, pods=["postgresql-0"])

    def remove_database(self) -> None:
        self._twin.neighbour(self.namespace, self.neighbour, ready=0, pods=[])

    def blind(self) -> Gauges:
        self._twin.fail("gauges", Unavailable("Prometheus does not answer: connection refused"))
        return self._twin
