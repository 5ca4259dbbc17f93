"""Several replicas of the daemon that divide the namespaces, with leases that each may be cut from."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.adapters.simulation.lease import MemoryLease
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.core.case.case import Case, Phase
from daemon.core.case.rollback_target import newest
from daemon.core.model import WorkloadRef
from daemon.engine.assembly import Assembled
from daemon.engine.queue import WorkQueue
from daemon.engine.shards import EVERY, Self, Shards
from tests.engine.replicas import STEP, Cuttable, Rounds
from tests.engine.world import IMAGE, World, traffic

BAD = "v1.1.0"
REFS = tuple(WorkloadRef(namespace=f"team-{number}", name="app") for number in range(8))


class Replica:
    """``rate``: of its monotonic clock, beside the others'."""

    def __init__(
        self, world: World, leases: Sequence[MemoryLease], name: str, *, rate: float = 1.0, house: bool = True
    ) -> None:
        self._world = world
        self.name = name
        self.lost = self.frozen = False
        self.queue = WorkQueue(world.clock.monotonic)
        self._ways = [Cuttable(lease) for lease in leases]
        self.shards = Shards(
            self._ways[0],
            self._ways[1:],
            this=Self(me=f"{name}_1", house=name if house else ""),
            monotonic=lambda: world.clock.monotonic() * rate,
            lead=lambda: self.daemon.engine.lead(),
            lost=self._lose,
        )
        self.daemon: Assembled = world.assembled(self.queue, division=self.shards.division)
        now = world.clock.monotonic()
        self._due = dict.fromkeys((self.shards.layout, *self.shards.electors), now)
        self._rebalanced = now
        self._rounds = Rounds(world, self.daemon)

    @property
    def held(self) -> tuple[int, ...]:
        """What it may act for, whatever else is true of it."""
        division = self.shards.division
        return tuple(n for n, leadership in enumerate(division.shards) if leadership.allowance() > 0)

    def cut(self, cut: bool) -> None:
        for way in self._ways:
            way.cut = cut

    def go_on(self) -> None:
        if self.frozen or self.lost:
            return
        now = self._world.clock.monotonic()
        for elector, due in self._due.items():
            while due <= now and not self.lost:
                due = now + max(elector.step(), 0.0)
                if due > now:
                    break
            self._due[elector] = due
        if now - self._rebalanced >= EVERY:
            self._rebalanced = now
            self.shards.rebalance(self.daemon.desks)
        self._rounds.go_on()

    def end(self) -> None:
        """As at SIGTERM."""
        self.frozen = True
        assert self.shards.stop(1.0, idle=True) == []

    def _lose(self) -> None:
        self.lost = True


class Fleet:
    """A workload in each of some namespaces; time is this class's to turn."""

    def __init__(self, shards: int = 4) -> None:
        self.world = World(ref=REFS[0])
        self.leases = [MemoryLease() for _ in range(shards + 1)]
        self.replicas: list[Replica] = []
        world = self.world
        self.errors = {BAD: 0.5}
        flow = traffic(20.0, errors=self.errors)
        world.metrics = MemoryMetrics(
            world.cluster, world.clock, dict.fromkeys(REFS, flow), scrape_interval=world.scrape_interval
        )
        for ref in REFS[1:]:
            world.cluster.apply(ref, image=f"{IMAGE}:v1.0.0")
        world.run(900, step=15.0)
        self.moves: list[tuple[str, ...]] = []
        """Who held each shard, whenever that changed."""

    def join(self, name: str, *, rate: float = 1.0, leases: Sequence[MemoryLease] = ()) -> Replica:
        replica = Replica(self.world, leases or self.leases, name, rate=rate)
        self.replicas.append(replica)
        self.world.cluster.on_change(replica.queue.put)
        self.world.store.watch(replica.queue.put)
        return replica

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.world.clock.advance(STEP)
            self.world.cluster.tick()
            for replica in self.replicas:
                replica.go_on()
            self.check()

    def check(self) -> None:
        """No shard is two replicas'; nor do replicas with other numbers of shards act at once."""
        acting = [replica for replica in self.replicas if not replica.lost and replica.held]
        assert len({len(replica.shards.electors) for replica in acting}) <= 1
        held = [shard for replica in acting for shard in replica.held]
        assert len(held) == len(set(held)), f"held twice: {held}"
        now = tuple(self.holder(shard) for shard in range(len(self.leases) - 1))
        if not self.moves or self.moves[-1] != now:
            self.moves.append(now)

    def holder(self, shard: int) -> str:
        return next((r.name for r in self.replicas if not r.lost and shard in r.held), "")

    def whose(self, ref: WorkloadRef) -> Replica:
        [found] = [r for r in self.replicas if r.shards.division.of(ref.namespace) in r.held]
        return found

    def sizes(self) -> list[int]:
        return sorted(len(replica.held) for replica in self.replicas if not (replica.lost or replica.frozen))

    def deploy(self, ref: WorkloadRef, tag: str = BAD) -> None:
        self.world.cluster.set_image(ref, f"{IMAGE}:{tag}")

    def newest(self, ref: WorkloadRef) -> Case | None:
        workload = self.world.cluster.workload(ref)
        return newest(workload, self.world.store.cases()) if workload is not None else None

    def run_until(self, ref: WorkloadRef, *phases: Phase, within: float) -> Case:
        for _ in range(round(within / STEP)):
            case = self.newest(ref)
            if case is not None and case.phase in phases:
                return case
            self.run(STEP)
        raise AssertionError(f"not in {phases}: {self.newest(ref)}")


def fleet(replicas: int, shards: int = 4) -> Fleet:
    made = Fleet(shards)
    for number in range(replicas):
        made.join(f"replica-{number}")
    made.run(30)
    return made
