"""Whoever else owns a Deployment, with calls that can be made to fail."""

from __future__ import annotations

from collections.abc import Callable

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.overlays import MemoryOverlays
from daemon.adapters.simulation.owners import MemoryOwners
from daemon.core.rollout_facts.owners import Owner
from daemon.core.rollout_facts.reconciling import OwnerStatus
from daemon.ports import Clock, ImageReturn, Review, RollbackResult
from tests.simulation.troubles import Troubles


class FaultyOwners(MemoryOwners):
    """``suspending``, ``looking`` and ``resuming`` are what goes wrong with the owners of a Deployment."""

    def __init__(self, cluster: MemoryCluster, clock: Clock) -> None:
        super().__init__(cluster, clock)
        self.suspending = Troubles()
        self.looking = Troubles()
        self.resuming = Troubles()

    def suspend(self, owner: Owner, token: str) -> RollbackResult:
        with self.suspending.call():
            return super().suspend(owner, token)

    def status(self, owner: Owner) -> OwnerStatus | None:
        with self.looking.call():
            return super().status(owner)

    def resume(self, owner: Owner, token: str) -> RollbackResult:
        with self.resuming.call():
            return super().resume(owner, token)


class FaultyOverlays(MemoryOverlays):
    """``committing`` is what goes wrong with Git."""

    def __init__(self, read: Callable[[str, tuple[str, ...]], None]) -> None:
        super().__init__(read)
        self.committing = Troubles()

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult | Review:
        with self.committing.call():
            return super().set_back(name, wanted, token)
