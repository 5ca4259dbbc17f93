"""One world on its way: the real engine, what is due to happen, and a look each second."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from random import Random

import msgspec

from daemon.adapters.simulation.kubelet import Fault, FaultKind, Pace
from daemon.adapters.simulation.objects import ROLLING, Strategy
from daemon.core.case.case import Case, Phase
from daemon.core.model import Pod, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.value import Value
from tests.engine.world import ERRORS, World

from .releases import CONFIG, GOOD, tags_of, template

REF = WorkloadRef(namespace="shop", name="cart")
WATCH = 200.0
POLICY = Policy(signals=(ERRORS,), sinks=("memory",), watch=WATCH, title="cart")
NODES = ("node-a", "node-b", "node-c")
PACES = (Pace(start=1.0, ready=1.0), Pace(start=1.0, ready=4.0), Pace(start=3.0, ready=12.0))
WELL = 60.0
"""For so long a workload is well before a claim that it is not is called false."""


class Shape(Value, frozen=True):
    """What the Deployment is like."""

    ref: WorkloadRef = REF
    replicas: int = 3
    pace: Pace = PACES[0]
    strategy: Strategy = ROLLING
    progress_deadline: float = 600.0
    digest: bool = False


class Stage:
    """``now`` is in seconds since the daemon first saw the Deployment."""

    def __init__(self, random: Random, shape: Shape) -> None:
        self.random, self.shape = random, shape
        seed = random.randrange(2**31)
        self.world = World(
            rps=20.0,
            base=0.01,
            policy=POLICY,
            seed=seed,
            replicas=shape.replicas,
            pace=shape.pace,
            ref=shape.ref,
            template=template(shape.ref, GOOD, digest=shape.digest),
            strategy=shape.strategy,
            progress_deadline=shape.progress_deadline,
        )
        self.world.configuration.write(shape.ref.namespace, CONFIG)
        self.cluster, self.accidents = self.world.cluster, self.world.cluster.accidents
        self.well_since: float | None = None
        self.broken_config = False
        self.released = GOOD
        self._faults: dict[str, Fault] = {}
        self._due: list[tuple[float, int, Act]] = []
        self._turns = itertools.count()
        self._begin = self.world.clock.monotonic()
        self._changed = True
        self.cluster.on_change(self._note)
        self._settle()

    def _settle(self) -> None:
        """The first pods are made again, on the three nodes, and the daemon starts."""
        self.accidents.nodes(NODES)
        for node in NODES:
            self.world.surroundings.node(node, "")
        self.cluster.tick()
        for pod in self.live:
            self.cluster.accidents.remove_pod(self.shape.ref, pod.name)
        self.world.run(150, step=15.0)
        self.world.start()
        self.world.run(5)
        self._begin = self.world.clock.monotonic()

    def _note(self, _ref: WorkloadRef) -> None:
        self._changed = True

    # ------------------------------------------------------------ time

    @property
    def now(self) -> float:
        return self.world.clock.monotonic() - self._begin

    def after(self, seconds: float, act: Act) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._turns), act))

    def step(self) -> None:
        """One second, or less where something is due; what was due before this step happens first.

        So what is true after it is what the daemon saw when it looked last.
        """
        while self._due and self._due[0][0] <= self.now + 1e-6:
            heapq.heappop(self._due)[2](self)
        ahead = max(0.001, min(1.0, self._due[0][0] - self.now)) if self._due else 1.0
        self.world.run(ahead, step=ahead)
        if self._changed:
            self._changed = False
            well = self._well()
            self.well_since = None if not well else self.well_since if self.well else self.now

    @property
    def quiet(self) -> bool:
        """Whether nothing is due any more."""
        return not self._due

    # ------------------------------------------------------------ looking

    @property
    def workload(self) -> Workload:
        found = self.cluster.workload(self.shape.ref)
        assert found is not None
        return found

    @property
    def live(self) -> tuple[Pod, ...]:
        return self.workload.live

    @property
    def tag(self) -> str:
        current = self.workload.current
        return current.tag.removeprefix("sha256:") if current is not None else ""

    def cases(self) -> list[Case]:
        """Of what was released after the beginning, in order."""
        found = [case for case in self.world.store.cases() if case.spec.revision.number > 1]
        return sorted(found, key=lambda case: (case.spec.opened_at, case.spec.revision.number))

    def phase(self) -> Phase | None:
        cases = self.cases()
        return cases[-1].phase if cases else None

    @property
    def well(self) -> bool:
        return self.well_since is not None

    def _well(self) -> bool:
        """Whether as many pods as are wanted run and are ready, all of them of what the Deployment says."""
        workload = self.workload
        ready = [pod for pod in workload.live if pod.ready]
        if workload.current is None or len(ready) != len(workload.live):
            return False
        own = all(pod.replica_set_uid == workload.current.replica_set_uid for pod in ready)
        return own and len(ready) >= workload.status.desired > 0

    def next_would_start(self) -> bool:
        """Whether a pod that is made now would come up, as far as its template and what it names go."""
        lasting = {tag for tag, fault in self._faults.items() if fault.kind is not FaultKind.STARTS_AGAIN}
        return not self.broken_config and not tags_of(self.tag) & lasting

    # ------------------------------------------------------------ people

    def fault(self, tag: str, fault: Fault) -> None:
        """What is wrong with pods made of this image tag from now on; the first that is said counts."""
        if tag not in self._faults:
            self._faults[tag] = fault
            self.cluster.fault(tag, fault)

    def deploy(self, tag: str, *, annotation: str = "") -> None:
        self.released = tag
        made = template(self.shape.ref, tag, digest=self.shape.digest)
        if annotation:
            made["metadata"]["annotations"] = {"changed": annotation}
        self.cluster.apply(
            self.shape.ref,
            made,
            replicas=self.workload.status.desired,
            progress_deadline=self.shape.progress_deadline,
            strategy=self.shape.strategy,
        )

    def scale(self, replicas: int) -> None:
        self.cluster.scale(self.shape.ref, replicas)

    def pick(self) -> Pod | None:
        pods = self.live
        return self.random.choice(pods) if pods else None


def shape_of(random: Random, **given: object) -> Shape:
    """A Deployment as they come; ``given`` is what a happening needs."""
    found = Shape(replicas=random.choice((1, 2, 3, 5)), pace=random.choice(PACES))
    return msgspec.structs.replace(found, **given)


Act = Callable[[Stage], None]
