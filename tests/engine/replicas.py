"""Two replicas of the daemon in one world, with a lease between them that each may be cut from."""

from __future__ import annotations

from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.case.case import Case, Phase
from daemon.core.election import Lease
from daemon.core.model import WorkloadRef
from daemon.engine.assembly import Assembled
from daemon.engine.elector import Elector
from daemon.engine.leading import Division
from daemon.engine.queue import WorkQueue
from daemon.ports import Unavailable
from tests.engine.world import World

STEP = 0.5


class Cuttable:
    """A replica's way to the lease."""

    def __init__(self, lease: MemoryLease) -> None:
        self._lease = lease
        self.cut = False

    def read(self) -> Lease | None:
        self._check()
        return self._lease.read()

    def write(self, lease: Lease) -> Lease:
        self._check()
        return self._lease.write(lease)

    def _check(self) -> None:
        if self.cut:
            raise Unavailable("the API server does not answer")


class Rounds:
    """What a replica does at each step of time beside its election."""

    def __init__(self, world: World, daemon: Assembled) -> None:
        self._world, self._daemon = world, daemon
        self._polled = world.clock.monotonic()

    def go_on(self) -> None:
        now = self._world.clock.monotonic()
        if now - self._polled >= self._world.poll_interval:
            self._polled = now
            self._daemon.engine.poll()
        while self._daemon.engine.step():
            pass


class Replica:
    """``lost``: another one has acted since, so that the process would end."""

    def __init__(self, world: World, lease: MemoryLease, name: str) -> None:
        self._world = world
        self.leases = Cuttable(lease)
        self.lost = False
        self.queue = WorkQueue(world.clock.monotonic)
        self.elector = Elector(
            self.leases,
            me=f"{name}_1",
            monotonic=world.clock.monotonic,
            lead=lambda: self.daemon.engine.lead(),
            lost=self._lose,
        )
        self.daemon: Assembled = world.assembled(self.queue, division=Division((self.elector,)))
        self._due = world.clock.monotonic()
        self._rounds = Rounds(world, self.daemon)
        self.frozen = False

    @property
    def leads(self) -> bool:
        return self.elector.allowance() > 0

    def put(self, ref: WorkloadRef) -> None:
        self.queue.put(ref)

    def go_on(self) -> None:
        if self.frozen or self.lost:
            return
        now = self._world.clock.monotonic()
        while self._due <= now and not self.lost:
            self._due = now + max(self.elector.step(), 0.0)
        self._rounds.go_on()

    def _lose(self) -> None:
        self.lost = True


class Pair:
    """The world's own daemon is not started; time is this class's to turn."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lease = MemoryLease()
        world.run(900, step=15.0)
        self.replicas = [Replica(world, self.lease, name) for name in ("one", "two")]
        for replica in self.replicas:
            world.cluster.on_change(replica.put)
            world.store.watch(replica.put)
        self.run(15)

    @property
    def leader(self) -> Replica:
        [found] = [replica for replica in self.replicas if replica.leads]
        return found

    @property
    def follower(self) -> Replica:
        [found] = [replica for replica in self.replicas if not replica.leads]
        return found

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.world.clock.advance(STEP)
            self.world.cluster.tick()
            for replica in self.replicas:
                replica.go_on()
            assert sum(replica.leads for replica in self.replicas) <= 1

    def run_until(self, *phases: Phase, within: float) -> Case:
        for _ in range(round(within / STEP)):
            case = self.world.newest()
            if case is not None and case.phase in phases:
                return case
            self.run(STEP)
        raise AssertionError(f"not in {phases}: {self.world.newest()}")
