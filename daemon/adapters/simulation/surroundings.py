"""What stands around simulated workloads: dependencies with their gauges, neighbours and nodes."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Sequence

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.objects import NODE
from daemon.adapters.simulation.simulation import Server
from daemon.core.model import WorkloadRef
from daemon.ports import Clock, Gauge, GaugeReading, Missing, Neighbour, Unavailable

KEPT = 1000
"""Scrapes of one reporter."""

Reporter = tuple[str, str]
"""Namespace and pod; both empty for an exporter."""
EXPORTER: Reporter = ("", "")


class _Link:
    """One dependency. ``cut`` are image tags whose pods cannot reach it though it is up."""

    def __init__(self) -> None:
        self.up = True
        self.cut: set[str] = set()
        self.exported_from: float | None = None
        self.scrapes: dict[Reporter, deque[Gauge]] = {}

    def record(self, reporter: Reporter, at: float, *, reached: bool) -> None:
        namespace, pod = reporter
        gauge = Gauge(namespace=namespace, pod=pod, at=at, value=float(reached))
        self.scrapes.setdefault(reporter, deque(maxlen=KEPT)).append(gauge)


class MemorySurroundings:
    """Implements ``Gauges``, ``Neighbours`` and ``Nodes`` of :mod:`daemon.ports`.

    Every running pod keeps a gauge of each dependency and is scraped once an interval (seconds), all at the
    same time; the series of a pod that is gone or down end with its next scrape.
    """

    def __init__(
        self,
        cluster: MemoryCluster,
        clock: Clock,
        dependencies: Sequence[str] = (),
        *,
        scrape_interval: float = 15.0,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._interval = scrape_interval
        self._lock = threading.Lock()
        self._links = {name: _Link() for name in dependencies}
        self._running: dict[WorkloadRef, set[Reporter]] = {}
        self._neighbours: dict[tuple[str, str], Neighbour] = {}
        self._nodes: dict[str, str | None] = {NODE: ""}
        cluster.meter(self._meter)

    # What the daemon asks

    def gauge(self, dependency: str) -> GaugeReading:
        now = self._clock.now().timestamp()
        try:
            link = self._current(dependency)
        except Unavailable as error:
            return GaugeReading(taken_at=now, problem=str(error))
        with self._lock:
            there = {reporter for running in self._running.values() for reporter in running} | {EXPORTER}
            newest = [scrapes[-1] for reporter, scrapes in sorted(link.scrapes.items()) if reporter in there]
        return GaugeReading(taken_at=now, gauges=tuple(newest))

    def last_reached(self, dependency: str, seconds: float) -> tuple[Gauge, ...]:
        link = self._current(dependency)
        first = self._clock.now().timestamp() - seconds
        with self._lock:
            found = [
                next((gauge for gauge in reversed(scrapes) if gauge.value > 0), None)
                for _, scrapes in sorted(link.scrapes.items())
            ]
        return tuple(gauge for gauge in found if gauge is not None and gauge.at >= first)

    def neighbours(self, namespace: str) -> Sequence[Neighbour]:
        with self._lock:
            return tuple(one for (where, _), one in sorted(self._neighbours.items()) if where == namespace)

    def trouble(self, node: str) -> str:
        with self._lock:
            found = self._nodes.get(node)
        if found is None:
            raise Missing(f'nodes "{node}" not found')
        return found

    # What happens to it

    def down(self, dependency: str, on: bool = True) -> None:
        """Nobody can reach it from now on."""
        link = self._current(dependency)
        with self._lock:
            link.up = not on

    def cut(self, dependency: str, tag: str) -> None:
        """Pods of this image tag cannot reach it from now on, others can."""
        link = self._current(dependency)
        with self._lock:
            link.cut.add(tag)

    def export(self, dependency: str) -> None:
        """From now on an exporter reports it as well."""
        link = self._current(dependency)
        with self._lock:
            link.exported_from = self._clock.now().timestamp()

    def neighbour(self, namespace: str, name: str, *, ready: int, pods: Sequence[str]) -> None:
        """So many of a neighbour's pods are ready from now on."""
        healthy = bool(pods) and 2 * ready >= len(pods)
        with self._lock:
            before = self._neighbours.get((namespace, name))
            same = before is not None and before.healthy is healthy
            self._neighbours[namespace, name] = Neighbour(
                name=name,
                healthy=healthy,
                since=before.since if before is not None and same else self._clock.now(),
                detail=f"{ready} of {len(pods)} pods ready" if pods else "its last pod has gone",
                pods=tuple(sorted(pods)),
            )

    def node(self, name: str, trouble: str | None) -> None:
        """What is wrong with a node from now on; ``None``: it is gone."""
        with self._lock:
            self._nodes[name] = trouble

    def _current(self, dependency: str) -> _Link:
        """The dependency with everything scraped until now."""
        self._cluster.account()
        with self._lock:
            link = self._links.get(dependency)
            if link is None:
                raise Unavailable(f"no such dependency is configured — valid: {', '.join(self._links)}")
            if link.exported_from is not None:
                now = self._clock.now().timestamp()
                for at in self._scrapes(link.exported_from, now):
                    link.record(EXPORTER, at, reached=link.up)
                link.exported_from = now
            return link

    def _scrapes(self, start: float, end: float) -> list[float]:
        """The scrape times in (start, end]."""
        first, last = math.floor(start / self._interval) + 1, math.floor(end / self._interval)
        return [turn * self._interval for turn in range(first, last + 1)]

    def _meter(self, ref: WorkloadRef, start: float, end: float, servers: tuple[Server, ...]) -> None:
        running = {(ref.namespace, server.pod): server.tag for server in servers if server.running}
        with self._lock:
            for at in self._scrapes(start, end):
                self._running[ref] = set(running)
                for link in self._links.values():
                    for reporter, tag in running.items():
                        link.record(reporter, at, reached=link.up and tag not in link.cut)
