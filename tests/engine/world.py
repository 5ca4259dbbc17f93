"""A whole world in memory, with the real engine in it and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from daemon.adapters.simulation.calendar import MemoryCalendar
from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.cluster import DEFAULT_PACE
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.kubelet import Fault, FaultKind, Pace
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.objects import ROLLING, Strategy
from daemon.adapters.simulation.templates import simple_template, with_image
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.rollback_target import newest
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.runs import KINDS, Kind
from daemon.engine.assembly import Assembled, assemble
from daemon.engine.gates import Asking
from daemon.engine.leading import Alone, Division, Leadership
from daemon.engine.parts import EngineParts, Running, Tools
from daemon.engine.queue import WorkQueue
from daemon.engine.surroundings_cache import Sources
from daemon.ports import Cluster, IncidentSink
from tests.simulation.defects import MemoryDefects
from tests.simulation.faulty import (
    FaultyCaseStore,
    FaultyCluster,
    FaultyLogs,
    FaultyObjectEvents,
    FaultyRights,
    FaultyRunner,
    FaultySink,
    FaultySurroundings,
)
from tests.simulation.faulty_configuration import FaultyConfiguration
from tests.simulation.faulty_owners import FaultyOverlays, FaultyOwners

REF = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")
IMAGE = "gcr.io/greenlang/gl-006-heatreclaim"
ERRORS = SignalPolicy(name="errors", title="error rate", limit=0.05)
LATENCY = SignalPolicy(name="latency", title="share of slow requests", limit=0.01)
POLICY = Policy(
    signals=(ERRORS, LATENCY),
    health_paths=("/health", "/ready"),
    sinks=("memory",),
    watch=600.0,
    title="GL-006",
)


def traffic(rps: float, *, errors: dict[str, float] | None = None, base: float = 0.01) -> Traffic:
    """Requests per second over the workload, with error rates by image tag."""
    return Traffic(
        rps=rps,
        signals={
            "errors": Rates(bad=base, by_tag=errors or {}),
            "latency": Rates(bad=0.0),
        },
    )


class JumpingClock:
    """The daemon's machine: its time of day can be set, the world's goes on."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def jump(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass
class World:
    """``restart`` throws away everything the daemon holds in memory and assembles it anew."""

    rps: float = 5.0
    base: float = 0.01
    errors: dict[str, float] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    policy: Policy = POLICY
    scrape_interval: float = 15.0
    poll_interval: float = 5.0
    seed: int = 0
    replicas: int = 3
    pace: Pace = DEFAULT_PACE
    template: Mapping[str, Any] | None = None
    """What is deployed beside the image; a simple one where not given."""
    lag: float = 0.2
    ref: WorkloadRef = REF
    progress_deadline: float = 60.0
    strategy: Strategy = ROLLING
    leadership: Leadership = field(default_factory=Alone)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.machine = JumpingClock(self.clock)
        self.cluster = FaultyCluster(
            self.clock, pace=self.pace, faults=self.faults, seed=self.seed, lag=self.lag
        )
        self.metrics = MemoryMetrics(
            self.cluster,
            self.clock,
            {self.ref: traffic(self.rps, errors=self.errors, base=self.base)},
            scrape_interval=self.scrape_interval,
            seed=self.seed,
        )
        self.surroundings = FaultySurroundings(
            self.cluster, self.clock, self.policy.dependencies, scrape_interval=self.scrape_interval
        )
        self.store = FaultyCaseStore(seed=self.seed)
        self.sink = FaultySink("memory")
        self.health = MemoryHealthProbe(self.cluster)
        self.configuration = FaultyConfiguration(self.cluster, self.clock)
        self.defects, self.registry = MemoryDefects(), CollectorRegistry()
        self.logs = FaultyLogs(self.cluster, self.clock)
        self.events = FaultyObjectEvents(self.cluster)
        self.rights = FaultyRights()
        self.calendar = MemoryCalendar()
        self.owners = FaultyOwners(self.cluster, self.clock)
        self.overlays = FaultyOverlays(lambda _name, images: self.owners.read(images[0]))
        self.runners: dict[Kind, FaultyRunner] = {kind: FaultyRunner(kind) for kind in KINDS}
        self.beside: Callable[[Callable[[], None]], object] = lambda job: job()
        self.notifying: Callable[[Callable[[], None]], object] = lambda job: job()
        """How what blocks is started; a test may keep it from ending."""
        self.daemon: Assembled | None = None
        self.queue: WorkQueue | None = None
        self.cluster.on_change(lambda ref: self.queue.put(ref) if self.queue else None)
        self.store.watch(lambda ref: self.queue.put(ref) if self.queue else None)
        self._since_poll = 0.0
        self.deploy("v1.0.0")

    # ------------------------------------------------------------ the daemon

    def start(self, *, sink: IncidentSink | None = None, cluster: Cluster | None = None) -> None:
        self.queue = WorkQueue(self.clock.monotonic)
        self.daemon = self.assembled(self.queue, sink=sink, cluster=cluster)
        self.daemon.engine.resync()

    def assembled(
        self,
        queue: WorkQueue,
        *,
        sink: IncidentSink | None = None,
        cluster: Cluster | None = None,
        division: Division | None = None,
    ) -> Assembled:
        """A daemon in this world; nothing of it has begun."""
        self.registry = CollectorRegistry()
        sweep = self.runners["job"].sweep
        return assemble(
            EngineParts(
                clock=self.machine,
                cluster=cluster or self.cluster,
                tools=lambda _: Tools(
                    actuator=self.cluster,
                    copies=self.configuration,
                    restorer=self.configuration,
                    owners=self.owners,
                    running=Running(runners=self.runners, sweep=sweep, run=lambda job: self.beside(job)),
                ),
                store=self.store,
                metrics=self.metrics,
                surroundings=Sources(
                    gauges=self.surroundings, neighbours=self.surroundings, nodes=self.surroundings
                ),
                health=self.health,
                configuration=self.configuration,
                sinks={"memory": sink or self.sink},
                policies=lambda _ref, _workload: self.policy,
                run=lambda job: self.notifying(job),
                asking=Asking(rights=self.rights),
                registry=self.registry,
                poll_interval=self.poll_interval,
                reporter=self.defects,
                logs=self.logs,
                events=self.events,
                calendar=self.calendar,
                overlays=self.overlays,
                division=division or Division((self.leadership,)),
            ),
            queue,
        )

    def kill(self) -> None:
        self.daemon, self.queue = None, None

    def restart(self, *, sink: IncidentSink | None = None, cluster: Cluster | None = None) -> None:
        self.kill()
        self.start(sink=sink, cluster=cluster)

    def resync(self) -> None:
        """What the daemon does by itself once a minute."""
        assert self.daemon is not None
        self.daemon.engine.resync()
        self.drain()

    # ------------------------------------------------------------ time

    def run(self, seconds: float, step: float = 1.0) -> None:
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            self.owners.tick()
            self.cluster.tick()
            self.work(step)

    def work(self, step: float = 0.0) -> None:
        if self.daemon is None:
            return
        self.drain()
        self._since_poll += step
        if self._since_poll >= self.poll_interval:
            self._since_poll = 0.0
            self.daemon.engine.poll()
        self.drain()

    def drain(self) -> None:
        assert self.daemon is not None
        while self.daemon.engine.step():
            pass

    def run_until(self, *phases: Phase, within: float) -> Case:
        """Turn the clock until the newest case is in one of the phases."""
        for _ in range(round(within)):
            if (case := self.newest()) is not None and case.phase in phases:
                return case
            self.run(1.0)
        case = self.newest()
        told = f"{case.phase.value}: {case.status.reason}" if case else "no case"
        raise AssertionError(f"not in {phases} within {within:g} s but {told}")

    # ------------------------------------------------------------ people

    def deploy(self, tag: str) -> None:
        image = f"{IMAGE}:{tag}"
        template = with_image(self.template or simple_template(self.ref.name, image), image)
        self.cluster.apply(
            self.ref,
            template,
            replicas=self.replicas,
            progress_deadline=self.progress_deadline,
            strategy=self.strategy,
        )

    def settled(self, seconds: float = 900.0) -> World:
        """The world with a release running for a while and the daemon watching."""
        self.run(seconds, step=15.0)
        self.start()
        self.run(5)
        return self

    def faults_of(self, tag: str) -> None:
        """Have pods of a tag crash."""
        self.cluster.fault(tag, Fault(kind=FaultKind.CRASH))

    def instruct(self, case: Case, action: str, by: str = "anna") -> None:
        order = msgspec.convert(
            {"action": action, "by": by, "at": self.clock.now(), "reason": ""}, Instruction
        )
        spec = msgspec.structs.replace(case.spec, instruction=order)
        self.store.instruct(msgspec.structs.replace(self.store.get(case.namespace, case.name), spec=spec))

    # ------------------------------------------------------------ looking

    def count(self, metric: str, **labels: str) -> float:
        """One of the daemon's own metrics since it was started; 0 where there is no such series."""
        return self.registry.get_sample_value(metric, labels) or 0.0

    def newest(self) -> Case | None:
        workload = self.cluster.workload(self.ref)
        return newest(workload, self.store.cases()) if workload is not None else None

    def tag(self) -> str:
        workload = self.cluster.workload(self.ref)
        assert workload is not None
        assert workload.current is not None
        return workload.current.tag

    def numbers(self) -> int:
        """The current revision's number: it grows by one with each change of the template."""
        workload = self.cluster.workload(self.ref)
        assert workload is not None
        assert workload.current is not None
        return workload.current.number
