"""The demo: a cluster and its metrics in memory, a clock that runs faster, and the real engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from daemon.adapters.simulation.cases import MemoryCaseStore
from daemon.adapters.simulation.clock import ScaledClock
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.configuration import MemoryConfiguration
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.sinks import MemorySink
from daemon.adapters.simulation.surroundings import MemorySurroundings
from daemon.adapters.simulation.templates import Template, simple_template
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import message
from daemon.core.case.rollback_target import newest
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.assembly import Assembled, assemble
from daemon.engine.parts import EngineParts, Tools
from daemon.engine.queue import WorkQueue
from daemon.engine.surroundings_cache import Sources
from daemon.settings import example_file, load

REF = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")
IMAGE = "gcr.io/greenlang/gl-006-heatreclaim"
GOOD, BAD = "v1.0.1", "v1.1.0"
POLL = 5.0
FINAL = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD)
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The demo's world, with the daemon in it."""

    clock: ScaledClock
    cluster: MemoryCluster
    store: MemoryCaseStore
    daemon: Assembled
    policy: Policy


def policy() -> Policy:
    """The shipped example's, with a shorter watch. Nothing stands around this cluster to be asked."""
    return replace(
        load(example_file()).policy_for(REF, {}),
        watch=150.0,
        baseline_window=300.0,
        dependencies=(),
        neighbours=(),
        sinks=("log",),
    )


def template(image: str) -> Template:
    """With GL-006's port and probes, which say what is asked of its pods after a rollback."""
    made = simple_template(REF.name, image)
    made["spec"]["containers"][0] |= {
        "ports": [{"name": "http", "containerPort": 8000}],
        "livenessProbe": {"httpGet": {"path": "/health", "port": "http"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    return made


def build(speed: float) -> Stage:
    """``speed`` is how many times faster than real the clock runs."""
    clock = ScaledClock(speed)
    cluster = MemoryCluster(clock)
    store = MemoryCaseStore()
    traffic = Traffic(
        rps=20.0,
        signals={
            "errors": Rates(bad=0.005, by_tag={BAD: 0.2}),
            "latency": Rates(bad=0.0005, by_tag={BAD: 0.01}),
            "calculations": Rates(bad=0.01, share=0.1),
        },
    )
    around = MemorySurroundings(cluster, clock)
    configuration = MemoryConfiguration(clock)
    queue = WorkQueue(clock.monotonic)
    chosen = policy()
    daemon = assemble(
        EngineParts(
            clock=clock,
            cluster=cluster,
            tools=lambda _: Tools(actuator=cluster, copies=configuration, restorer=configuration),
            store=store,
            metrics=MemoryMetrics(cluster, clock, {REF: traffic}, scrape_interval=15.0),
            surroundings=Sources(gauges=around, neighbours=around, nodes=around),
            health=MemoryHealthProbe(cluster),
            configuration=configuration,
            sinks={"log": MemorySink("log")},
            policies=lambda _ref, _workload: chosen,
            run=lambda job: job(),
            registry=CollectorRegistry(),
            poll_interval=POLL,
        ),
        queue,
    )
    cluster.on_change(queue.put)
    store.watch(queue.put)
    return Stage(clock=clock, cluster=cluster, store=store, daemon=daemon, policy=chosen)


class Play:
    """Moves the stage on and says what happens on it."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage = stage
        self._say = say
        self._told: dict[str, int] = {}
        self._polled = stage.clock.monotonic()

    def run(self, seconds: float) -> None:
        """Let ``seconds`` of the stage's time pass."""
        edge = self._stage.clock.monotonic() + seconds
        while self._stage.clock.monotonic() < edge and self._stage.clock.sleep(1.0):
            self.step()

    def until(self, tag: str, *phases: Phase, within: float) -> Case | None:
        """Until the newest case is about this tag and in one of the phases; what it is in the end."""
        edge = self._stage.clock.monotonic() + within
        while self._stage.clock.monotonic() < edge and self._stage.clock.sleep(1.0):
            self.step()
            case = self.newest()
            if case is not None and case.spec.revision.tag == tag and case.phase in phases:
                return case
        return self.newest()

    def step(self) -> None:
        stage = self._stage
        stage.cluster.tick()
        if stage.clock.monotonic() - self._polled >= POLL:
            self._polled = stage.clock.monotonic()
            stage.daemon.engine.poll()
        while stage.daemon.engine.step():
            pass
        self._tell()

    def newest(self) -> Case | None:
        workload = self._stage.cluster.workload(REF)
        return newest(workload, self._stage.store.cases()) if workload is not None else None

    def _tell(self) -> None:
        for case in self._stage.store.cases():
            entries = case.status.timeline
            for entry in entries[self._told.get(case.name, 0) :]:
                self._say(f"  {entry.at:%H:%M:%S}  {entry.phase.value:<12}  {entry.text}")
            self._told[case.name] = len(entries)


def play(stage: Stage, say: Say) -> bool:
    """The whole story; returns whether it ended as it should."""
    show = Play(stage, say)
    say(f"A cluster in memory runs {REF} {IMAGE}:v1.0.0 with 3 pods, 20 requests a second, 0.5 % errors.")
    stage.cluster.apply(REF, template(f"{IMAGE}:v1.0.0"))
    show.run(240)
    say(f"\nA good release: {GOOD}")
    stage.cluster.set_image(REF, f"{IMAGE}:{GOOD}")
    good = show.until(GOOD, Phase.HEALTHY, within=400)
    say(f"\nA bad release: {BAD} fails 20 % of its requests. Nobody touches anything.")
    stage.cluster.set_image(REF, f"{IMAGE}:{BAD}")
    case = show.until(BAD, *FINAL, within=600)
    if good is None or case is None:
        return False
    say("\nThe incident's text:\n")
    say("\n".join(f"  {line}" for line in message(case, stage.policy, stage.clock.now()).splitlines()))
    return good.status.proven and case.phase is Phase.ROLLED_BACK and current_tag(stage) == GOOD


def linger(stage: Stage) -> None:
    """Go on for as long as somebody looks."""
    show = Play(stage, lambda _: None)
    while True:
        show.run(60)


def current_tag(stage: Stage) -> str:
    workload: Workload | None = stage.cluster.workload(REF)
    return workload.current.tag if workload is not None and workload.current is not None else ""
