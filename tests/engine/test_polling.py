"""What the daemon asks of the metrics server does not grow with the number of workloads."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from prometheus_client import CollectorRegistry

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.core.model import WorkloadRef
from daemon.core.signals.sample import Reading, Sample
from daemon.engine.assembly import EngineParts, assemble
from daemon.engine.queue import WorkQueue
from daemon.engine.surroundings_cache import Sources
from tests.engine.world import IMAGE, POLICY, traffic
from tests.simulation.faulty import FaultyCaseStore, FaultyCluster, FaultySurroundings
from tests.simulation.faulty_configuration import FaultyConfiguration


class Counted:
    """Counts the queries on their way."""

    def __init__(self, metrics: MemoryMetrics) -> None:
        self._metrics = metrics
        self.reads: Counter[str] = Counter()
        self.histories: Counter[str] = Counter()

    def read(self, signal: str) -> Reading:
        self.reads[signal] += 1
        return self._metrics.read(signal)

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        self.histories[signal] += 1
        return self._metrics.history(signal, start, end)


@pytest.mark.parametrize("workloads", [1, 20])
def test_one_query_per_signal_and_poll(workloads: int) -> None:
    clock = ManualClock()
    cluster = FaultyCluster(clock)
    refs = [WorkloadRef(namespace="greenlang", name=f"app-{n}") for n in range(workloads)]
    metrics = Counted(MemoryMetrics(cluster, clock, {ref: traffic(5.0) for ref in refs}, scrape_interval=15))
    around = FaultySurroundings(cluster, clock)
    store, queue = FaultyCaseStore(), WorkQueue(clock.monotonic)
    configuration = FaultyConfiguration(cluster, clock)
    daemon = assemble(
        EngineParts(
            clock=clock,
            cluster=cluster,
            actuator=cluster,
            store=store,
            metrics=metrics,
            surroundings=Sources(gauges=around, neighbours=around, nodes=around),
            health=MemoryHealthProbe(cluster),
            configuration=configuration,
            copies=configuration,
            restorer=configuration,
            sinks={},
            policies=lambda _ref, _workload: POLICY,
            run=lambda job: job(),
            registry=CollectorRegistry(),
        ),
        queue,
    )
    cluster.on_change(queue.put)

    def go_on(seconds: int) -> None:
        for _ in range(seconds):
            clock.advance(1)
            cluster.tick()
            while daemon.engine.step():
                pass

    for ref in refs:
        cluster.apply(ref, image=f"{IMAGE}:v1.0.0")
    go_on(60)
    daemon.engine.poll()
    assert metrics.reads == {}, "nothing is asked while nothing is watched"
    for ref in refs:
        cluster.set_image(ref, f"{IMAGE}:v1.0.1")
    go_on(5)
    for _ in range(10):
        daemon.engine.poll()
        go_on(5)
    assert metrics.reads == {"errors": 10, "latency": 10}
    assert metrics.histories == {"errors": 1, "latency": 1}, "once for all new cases"
