"""Hands in memory: everybody's are the same, and write into the twins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.case.guards.pause import PAUSE
from daemon.core.model import WorkloadRef
from daemon.ports import Deputy, Identity, Instructs


class MemoryDeputies:
    """Implements :class:`daemon.ports.Deputies`; ``asked`` are those who wrote, in order."""

    def __init__(self, cluster: MemoryCluster, store: Instructs) -> None:
        self._cluster = cluster
        self._store = store
        self.asked: list[Identity] = []

    @contextmanager
    def of(self, who: Identity) -> Iterator[Deputy]:
        self.asked.append(who)
        yield Deputy(cases=self._store, actuator=self._cluster, pauses=self)

    def pause(self, ref: WorkloadRef, value: str | None) -> None:
        self._cluster.annotate(ref, PAUSE, value)
