"""The thread of the election by itself: when it tells that this replica acts, and how it waits."""

from __future__ import annotations

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.election import Lease
from daemon.engine.elector import Elector
from daemon.ports import Missing


class Slow:
    """A way to the lease on which a write takes some seconds, or finds no namespace."""

    def __init__(self, clock: ManualClock) -> None:
        self._lease, self._clock = MemoryLease(), clock
        self.seconds = 0.0
        self.nowhere = False

    def read(self) -> Lease | None:
        return self._lease.read()

    def write(self, lease: Lease) -> Lease:
        if self.nowhere:
            raise Missing('namespaces "mistyped" not found')
        self._clock.advance(self.seconds)
        return self._lease.write(lease)


class Alone:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.leases = Slow(self.clock)
        self.begun, self.defects = 0, 0
        self.elector = Elector(
            self.leases,
            me="one_1",
            monotonic=self.clock.monotonic,
            lead=self._lead,
            lost=lambda: None,
        )

    def _lead(self) -> None:
        self.begun += 1
        if self.begun <= self.defects:
            raise KeyError("a defect")

    def run(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self.clock.advance(self.elector.step())


def test_who_had_too_little_time_left_for_a_while_looks_at_everything_again() -> None:
    alone = Alone()
    alone.run(30)
    assert alone.begun == 1
    alone.leases.seconds = 4.5
    alone.run(2)
    assert alone.begun == 2, "nothing was looked at in the last second before it was renewed"
    alone.leases.seconds = 0.0
    alone.run(30)
    assert alone.begun == 2


def test_a_defect_as_it_begins_to_lead_ends_no_election() -> None:
    alone = Alone()
    alone.defects = 2
    alone.run(30)
    assert alone.begun == 3, "it is passed on until that succeeds, and then no more"
    assert alone.elector.allowance() > 0


def test_a_lease_that_can_never_be_made_is_tried_at_a_pace() -> None:
    alone = Alone()
    alone.leases.nowhere = True
    pauses = [alone.elector.step() for _ in range(8)]
    assert sum(pauses) >= 1.0
