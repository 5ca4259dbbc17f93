"""A small world of twins."""

from __future__ import annotations

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.kubelet import Fault
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.model import Workload, WorkloadRef
from daemon.core.signals.sample import Sample
from daemon.ports import Unavailable
from tests.simulation.faulty import FaultyCluster

REF = WorkloadRef(namespace="greenlang", name="web")
DOWN = Unavailable("down")


class World:
    def __init__(self, **faults: Fault) -> None:
        self.clock = ManualClock()
        self.cluster = FaultyCluster(self.clock, faults=faults)
        traffic = {REF: Traffic(rps=30.0, signals={"errors": Rates(bad=0.01, by_tag={"v2": 0.2})})}
        self.metrics = MemoryMetrics(self.cluster, self.clock, traffic)
        self.cluster.apply(REF, image="app:v1")

    @property
    def workload(self) -> Workload:
        workload = self.cluster.workload(REF)
        assert workload is not None
        return workload

    def samples(self) -> tuple[Sample, ...]:
        return self.metrics.read("errors").samples
