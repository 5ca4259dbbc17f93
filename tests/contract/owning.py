"""Who stands behind the port that suspends owners: in memory, and on a real API server."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.ports import OwnerSwitch, Unavailable
from tests.contract.drivers import GOOD
from tests.engine.world import IMAGE, REF
from tests.simulation.faulty import FaultyCluster
from tests.simulation.faulty_owners import FaultyOwners


class OwnerDriver(Protocol):
    """``kind`` is what the test is about."""

    kind: OwnerKind

    @property
    def switch(self) -> OwnerSwitch: ...
    def own(self, name: str, *, maker: str = "") -> Owner:
        """An owner that is at work; ``maker`` is an ApplicationSet that made it."""
        ...

    def absent(self, name: str) -> Owner:
        """One that is not there."""
        ...

    def suspended(self, owner: Owner) -> bool: ...
    def settings(self, owner: Owner) -> Any:
        """All that a suspension may have changed in what the owner does, to be compared."""
        ...

    def suspend_by_somebody(self, owner: Owner) -> None: ...
    def begin_work(self, owner: Owner) -> None:
        """Its controller begins to apply what it wants, and does not end that."""
        ...

    def end_work(self, owner: Owner) -> None:
        """It has ended what it had begun, and has looked at the owner as it is now."""
        ...

    def cut_off(self) -> OwnerSwitch:
        """A switch whose API server does not answer."""
        ...


class MemoryOwnerDriver:
    def __init__(self, kind: OwnerKind) -> None:
        self.kind = kind
        clock = ManualClock()
        cluster = FaultyCluster(clock)
        cluster.apply(REF, image=f"{IMAGE}:{GOOD}")
        self.switch = FaultyOwners(cluster, clock)

    def own(self, name: str, *, maker: str = "") -> Owner:
        owner = self.absent(name)
        self.switch.add(owner, REF, f"{IMAGE}:{GOOD}").made_by = f"ApplicationSet {maker}" if maker else ""
        return owner

    def absent(self, name: str) -> Owner:
        return Owner(kind=self.kind, name=name, namespace="gitops")

    def suspended(self, owner: Owner) -> bool:
        return self.switch.owners[owner.kind, owner.place].suspended

    def settings(self, owner: Owner) -> Any:
        return self.suspended(owner)

    def suspend_by_somebody(self, owner: Owner) -> None:
        self.switch.owners[owner.kind, owner.place].suspended = True

    def begin_work(self, owner: Owner) -> None:
        state = self.switch.owners[owner.kind, owner.place]
        state.takes, state.compared = math.inf, -math.inf
        self.switch.tick()

    def end_work(self, owner: Owner) -> None:
        state = self.switch.owners[owner.kind, owner.place]
        state.under_way = None
        self.switch.tick()

    def cut_off(self) -> OwnerSwitch:
        self.switch.looking.fail(Unavailable("no answer"))
        self.switch.suspending.fail(Unavailable("no answer"))
        self.switch.resuming.fail(Unavailable("no answer"))
        return self.switch


@contextmanager
def real_driver(kind: OwnerKind) -> Iterator[OwnerDriver]:
    from tests.contract import real_owners

    with real_owners.driver(kind) as driver:
        yield driver
