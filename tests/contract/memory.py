"""The drivers of the twins: what waits advances a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.templates import simple_template
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.model import Pod, Workload, WorkloadRef
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.signals.sample import Sample
from daemon.ports import Actuator, CaseStore, Configuration, Logs, ObjectEvents, Unavailable
from tests.contract.drivers import CRASHING, FAILING, GOOD, MISSING, OOM, UNREADY
from tests.simulation.faulty import (
    FaultyCaseStore,
    FaultyCluster,
    FaultyLogs,
    FaultyObjectEvents,
)
from tests.simulation.faulty_configuration import FaultyConfiguration

T = TypeVar("T")

IMAGE = "gcr.io/greenlang/gl-006-heatreclaim"
FAULTS = {
    CRASHING: Fault(kind=FaultKind.CRASH, after=0.5),
    OOM: Fault(kind=FaultKind.OOM),
    UNREADY: Fault(kind=FaultKind.UNREADY),
    MISSING: Fault(kind=FaultKind.IMAGE_MISSING),
}
REF = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")
STEP = 0.25


class MemoryWaiting:
    def __init__(self) -> None:
        self.clock = ManualClock()

    def until(self, what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        deadline = self.clock.monotonic() + seconds
        while True:
            found = look()
            if found is not None and found is not False:
                return found
            assert self.clock.monotonic() < deadline, f"not within {seconds:g} s: {what}"
            self.clock.advance(STEP)


class MemoryClusterDriver(MemoryWaiting):
    def __init__(self) -> None:
        super().__init__()
        self.ref = REF
        self.cluster = FaultyCluster(self.clock, faults=FAULTS)
        self.actuator = self.cluster
        self._heard: list[WorkloadRef] = []
        self.cluster.on_change(self._heard.append)

    def deploy(self, tag: str, *, replicas: int = 2, progress_deadline: int = 60) -> None:
        self.cluster.apply(
            self.ref, image=f"{IMAGE}:{tag}", replicas=replicas, progress_deadline=progress_deadline
        )

    def set_tag(self, tag: str) -> None:
        self.cluster.set_image(self.ref, f"{IMAGE}:{tag}")

    def restart(self) -> None:
        self.cluster.restart(self.ref)

    def undo_by_somebody(self, to_number: int = 0) -> None:
        self.cluster.undo_by_somebody(self.ref, to_number)

    def scale(self, replicas: int) -> None:
        self.cluster.scale(self.ref, replicas)

    def pause(self) -> None:
        self.cluster.pause(self.ref)

    def resume(self) -> None:
        self.cluster.resume(self.ref)

    def label(self, name: str, value: str) -> None:
        self.cluster.label(self.ref, name, value)

    def annotate(self, name: str, value: str | None) -> None:
        self.cluster.annotate(self.ref, name, value)

    def delete(self) -> None:
        self.cluster.delete(self.ref)

    def delete_replica_set(self, name: str, uid: str) -> None:
        self.cluster.delete_replica_set(self.ref, uid)

    def end(self, pod: Pod) -> None:
        self.cluster.accidents.evict(
            self.ref, pod.name, "DeadlineExceeded: Pod was active longer than it may be"
        )

    def refuse_pods(self) -> None:
        self.cluster.accidents.refuse_pods(
            self.ref, 'pods "x" is forbidden: exceeded quota: full, requested: pods=1'
        )

    def heard(self) -> Sequence[WorkloadRef]:
        self.cluster.tick()
        return tuple(self._heard)

    def cut_off(self) -> Actuator:
        self.cluster.undos.fail(Unavailable("the API server does not answer: connection refused"))
        return self.cluster


class MemoryEventDriver(MemoryClusterDriver):
    def __init__(self) -> None:
        super().__init__()
        self.events = FaultyObjectEvents(self.cluster)

    def blind(self) -> ObjectEvents:
        self.events.reads.fail(Unavailable("the API server does not answer: connection refused"))
        return self.events


class MemoryCaseDriver(MemoryWaiting):
    def __init__(self) -> None:
        super().__init__()
        self.store = FaultyCaseStore()
        self.namespace = "greenlang"

    def spoil(self, name: str) -> None:
        self.store.spoil(self.namespace, name, b'{"patchedAt": "0000-01-01T00:00:00Z"}')

    def cut_off(self) -> CaseStore:
        gone = Unavailable("the API server does not answer: connection refused")
        self.store.reads.fail(gone)
        self.store.writes.fail(gone)
        return self.store


class MemoryConfigurationDriver:
    namespace = REF.namespace

    def __init__(self) -> None:
        self._clock = ManualClock()
        self.configuration = FaultyConfiguration(FaultyCluster(self._clock), self._clock)

        self.copies = self.restorer = self.configuration
        self.owner = (REF, "d-1")

    def write(self, reference: Reference, value: str, *, immutable: bool = False) -> None:
        self.configuration.write(self.namespace, reference, value=value, immutable=immutable)

    def remove(self, reference: Reference) -> None:
        self.configuration.remove(self.namespace, reference)

    def spoil_copy(self, name: str) -> None:
        self.configuration.lose_copies()

    def now(self) -> datetime:
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def cut_off(self) -> Configuration:
        self.configuration.reads.fail(Unavailable("the API server does not answer: connection refused"))
        return self.configuration


class MemoryMetricsDriver(MemoryWaiting):
    signal = "errors"
    interval = 5.0
    rps = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._cluster = FaultyCluster(self.clock, faults=FAULTS)
        self.metrics = MemoryMetrics(self._cluster, self.clock, scrape_interval=self.interval)

    def deploy(self, tag: str, *, replicas: int = 2) -> None:
        self._cluster.apply(REF, image=f"{IMAGE}:{tag}", replicas=replicas)
        self._serve(replicas)

    def scale(self, replicas: int) -> None:
        self._cluster.scale(REF, replicas)
        self._serve(replicas)

    def pods(self) -> Sequence[Pod]:
        workload = self._cluster.workload(REF)
        assert workload is not None
        return tuple(pod for pod in workload.pods if pod.ready and not pod.deleting)

    def samples(self) -> Sequence[Sample]:
        reading = self.metrics.read(self.signal)
        assert not reading.problem
        return reading.samples

    def outage(self, on: bool) -> None:
        self.metrics.outage(on)

    def _serve(self, replicas: int) -> None:
        rates = Rates(by_tag={FAILING: 0.2})
        self.metrics.serve(REF, Traffic(rps=self.rps * replicas, signals={self.signal: rates}))


class MemoryProbeDriver(MemoryWaiting):
    def __init__(self) -> None:
        super().__init__()
        self.cluster = FaultyCluster(self.clock, faults=FAULTS)
        self.probe = MemoryHealthProbe(self.cluster)

    def deploy(self, tag: str) -> Workload:
        self.cluster.apply(REF, _probed(f"{IMAGE}:{tag}"), replicas=1)
        return self.until("the containers run", self._running)

    def delete(self) -> None:
        self.cluster.delete(REF)
        self.clock.advance(5.0)

    def _running(self) -> Workload | None:
        workload = self.cluster.workload(REF)
        up = workload is not None and workload.pods and all(pod.ip for pod in workload.pods)
        return workload if up and self.clock.monotonic() > 10 else None


def _probed(image: str) -> dict[str, Any]:
    """As the stand-in's manifest has it."""
    template = simple_template(REF.name, image)
    template["spec"]["containers"][0] |= {
        "ports": [{"name": "http", "containerPort": 8000}],
        "livenessProbe": {"httpGet": {"path": "/health", "port": "http"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    return template


class MemoryLogDriver(MemoryWaiting):
    namespace, container = REF.namespace, REF.name

    def __init__(self) -> None:
        super().__init__()
        cluster = MemoryCluster(self.clock)
        cluster.apply(REF, image=f"{IMAGE}:{GOOD}", replicas=1)
        self.clock.advance(10)
        workload = cluster.workload(REF)
        assert workload is not None
        (self.pod,) = (pod.name for pod in workload.pods)
        self.logs = FaultyLogs(cluster, self.clock)

    def write(self, *lines: bytes) -> None:
        self.logs.write(self.pod, *lines)

    def cut_off(self) -> Logs:
        self.logs.reads.fail(Unavailable("the API server does not answer: connection refused"))
        return self.logs
