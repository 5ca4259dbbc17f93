"""The daemon in service: the real engine and cache of cases, and a simulated fleet with releases all day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry

from benchmarks.scaling.fleet import CachedCases
from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.configuration import MemoryConfiguration
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.surroundings import MemorySurroundings
from daemon.adapters.simulation.templates import simple_template
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import Incident
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy, SignalPolicy
from daemon.engine.assembly import Assembled, assemble
from daemon.engine.parts import EngineParts, Tools
from daemon.engine.queue import WorkQueue
from daemon.engine.surroundings_cache import Sources

A_DAY = 250
"""Releases of one workload."""
PERIOD = 86_400 / A_DAY
STEP, POLL, SCRAPE, RESYNC = 5.0, 15.0, 15.0, 60.0
BAD_EVERY = 8
BEFORE = 600.0
"""Seconds of traffic before the daemon starts."""
POLICY = Policy(
    signals=(
        SignalPolicy(name="errors", title="error rate", limit=0.05),
        SignalPolicy(name="latency", title="share of slow requests", limit=0.01),
    ),
    sinks=("count",),
    watch=120.0,
    baseline_window=120.0,
)


class CountedCases(CachedCases):
    """Knows of each case that ever was what became of it, in a few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = 0
        self.ends: Counter[tuple[bool, Phase]] = Counter()
        """Of those that were pruned: whether the release was bad → phase."""
        self.lost: list[str] = []
        """Those that were pruned before they were over."""

    def create(self, case: Case) -> Case:
        self.opened += 1
        return super().create(case)

    def delete(self, case: Case) -> None:
        if case.unfinished:
            self.lost.append(case.key)
        self.ends[is_bad(case), case.phase] += 1
        super().delete(case)

    def became(self) -> Counter[tuple[bool, Phase]]:
        """The pruned ones and those that are kept."""
        return self.ends + Counter((is_bad(case), case.phase) for case in self.cases())


class CountingSink:
    """Keeps nothing of what it publishes."""

    name = "count"

    def __init__(self) -> None:
        self.published = 0

    def publish(self, incident: Incident) -> str:
        self.published += 1
        return f"count#{incident.key}"


class Service:
    """``releases`` of as many workloads as make these in a day, in turns; every eighth of each is bad."""

    def __init__(self, releases: int) -> None:
        self.releases = releases
        self.workloads = max(1, releases // A_DAY)
        self.clock = ManualClock()
        self.cluster = MemoryCluster(self.clock)
        self.cases = CountedCases()
        self.sink = CountingSink()
        self.queue = WorkQueue(self.clock.monotonic)
        tags = [self._tag(number) for number in range(releases)]
        rates = {name: 0.3 for name in tags if name.endswith("bad")}
        signals = {"errors": Rates(bad=0.005, by_tag=rates), "latency": Rates()}
        self._refs = [WorkloadRef(namespace=f"team-{n % 4}", name=f"app-{n}") for n in range(self.workloads)]
        metrics = MemoryMetrics(
            self.cluster,
            self.clock,
            {ref: Traffic(rps=20.0, signals=signals) for ref in self._refs},
            scrape_interval=SCRAPE,
            retention=2 * BEFORE,
        )
        around = MemorySurroundings(self.cluster, self.clock, ())
        configuration = MemoryConfiguration(self.clock)
        self.daemon: Assembled = assemble(
            EngineParts(
                clock=self.clock,
                cluster=self.cluster,
                tools=lambda _: Tools(actuator=self.cluster, copies=configuration, restorer=configuration),
                store=self.cases,
                metrics=metrics,
                surroundings=Sources(gauges=around, neighbours=around, nodes=around),
                health=MemoryHealthProbe(self.cluster),
                configuration=configuration,
                sinks={"count": self.sink},
                policies=lambda _ref, _workload: POLICY,
                run=lambda job: job(),
                registry=CollectorRegistry(),
                poll_interval=POLL,
            ),
            self.queue,
        )
        self.cluster.on_change(self.queue.put)

    def serve(self) -> Iterator[int]:
        """Live through it; yields how many releases there have been, once a simulated minute."""
        for number, ref in enumerate(self._refs):
            self._release(ref, f"v0-{number}")
        self._pass(BEFORE)
        self._work(0)
        began, done = self.clock.monotonic(), 0
        while done < self.releases or self.clock.monotonic() < began + self._due(done) + PERIOD:
            self._pass(STEP)
            while done < self.releases and self.clock.monotonic() >= began + self._due(done):
                self._release(self._refs[done % self.workloads], self._tag(done))
                done += 1
            self._work(round(self.clock.monotonic() - began))
            if round(self.clock.monotonic() - began) % round(RESYNC) == 0:
                yield done

    def _due(self, number: int) -> float:
        return number * PERIOD / self.workloads

    def _tag(self, number: int) -> str:
        turn, workload = divmod(number, self.workloads)
        bad = (turn + workload) % BAD_EVERY == BAD_EVERY - 1
        return f"v{number + 1}-bad" if bad else f"v{number + 1}"

    def _pass(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.cluster.tick()

    def _release(self, ref: WorkloadRef, name: str) -> None:
        self.cluster.apply(ref, simple_template(ref.name, f"registry.example/app:{name}"), replicas=2)

    def _work(self, seconds: int) -> None:
        if seconds % round(RESYNC) == 0:
            self.daemon.engine.resync()
        if seconds % round(POLL) == 0:
            self.daemon.engine.poll()
        while self.daemon.engine.step():
            pass


def is_bad(case: Case) -> bool:
    return case.spec.revision.tag.endswith("bad")
