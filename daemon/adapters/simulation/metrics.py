"""A Prometheus in memory that scrapes the pods of a :class:`MemoryCluster`."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.simulation import Server
from daemon.adapters.simulation.traffic import Target, Traffic
from daemon.core.model import WorkloadRef
from daemon.core.signals.sample import Reading, Sample
from daemon.ports import Clock, Unavailable

LOOKBACK = 300.0
"""Seconds that an instant query repeats a sample for, Prometheus' default."""


class _Span(NamedTuple):
    """A part of a pod's life in which nothing about it changes; ``rps`` is its own share."""

    start: float
    end: float
    rps: float
    scraped: bool


class MemoryMetrics:
    """Implements :class:`daemon.ports.Metrics`.

    Every running pod of a workload with traffic is scraped once an interval (seconds) at its own phase,
    whether or not it has served anything yet; ready pods share the requests. ``bad`` is absent until
    the first bad event. Series of pods that are gone or whose process is down end at their next scrape.
    Scrapes are kept for ``retention`` seconds. Once some workload has traffic, a signal that none has is
    unknown.
    """

    def __init__(
        self,
        cluster: MemoryCluster,
        clock: Clock,
        traffic: Mapping[WorkloadRef, Traffic] | None = None,
        *,
        scrape_interval: float = 5.0,
        retention: float = 10_800.0,
        seed: int = 0,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._interval = scrape_interval
        self._retention = retention
        self._seed = seed
        self._lock = threading.Lock()
        self._traffic = dict(traffic or {})
        self._targets: dict[WorkloadRef, dict[str, Target]] = {}
        self._idle: set[WorkloadRef] = set()
        self._unscraped: set[WorkloadRef] = set()
        self._poison: dict[WorkloadRef, float] = {}
        self._ambiguous: dict[str, str] = {}
        self._problem = ""
        self._scraping = True
        cluster.meter(self._meter)

    def read(self, signal: str) -> Reading:
        self._cluster.account()
        now = self._clock.now().timestamp()
        with self._lock:
            if problem := self._problem or self._unknown(signal):
                return Reading(signal=signal, taken_at=now, problem=f"signal {signal}: {problem}")
            found = [
                self._poisoned(ref, sample)
                for ref, targets in self._targets.items()
                for target in targets.values()
                if (sample := target.newest(signal, now, LOOKBACK)) is not None
            ]
            problems = {
                sample.pod: self._ambiguous[sample.pod] for sample in found if sample.pod in self._ambiguous
            }
        samples = sorted((s for s in found if s.pod not in problems), key=lambda s: (s.namespace, s.pod))
        return Reading(signal=signal, taken_at=now, samples=tuple(samples), problems=problems)

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        self._cluster.account()
        first, last = start.timestamp(), end.timestamp()
        with self._lock:
            if problem := self._problem or self._unknown(signal):
                raise Unavailable(f"signal {signal}: {problem}")
            found = [
                sample
                for targets in self._targets.values()
                for target in targets.values()
                for sample in target.samples.get(signal, ())
                if first <= sample.at <= last
            ]
        return tuple(sorted(found, key=lambda s: (s.at, s.namespace, s.pod)))

    def serve(self, ref: WorkloadRef, traffic: Traffic) -> None:
        """From now on the workload has this traffic."""
        self._cluster.account()
        with self._lock:
            self._traffic[ref] = traffic

    def outage(
        self,
        on: bool,
        problem: str = "Prometheus does not answer: connection refused",
        *,
        scraping: bool = False,
    ) -> None:
        """Queries are answered with the problem alone; nothing is scraped meanwhile unless ``scraping``."""
        self._cluster.account()
        with self._lock:
            self._problem = problem if on else ""
            self._scraping = scraping or not on

    def no_traffic(self, ref: WorkloadRef, on: bool = True) -> None:
        """Nobody asks the workload anything: its counters stand still and are scraped."""
        self._cluster.account()
        with self._lock:
            (self._idle.add if on else self._idle.discard)(ref)

    def no_series(self, ref: WorkloadRef, on: bool = True) -> None:
        """The workload's pods are not scraped any more, as with a scrape configuration that lost them."""
        self._cluster.account()
        with self._lock:
            (self._unscraped.add if on else self._unscraped.discard)(ref)

    def poison(self, ref: WorkloadRef, total: float = math.nan) -> None:
        """What readings give for the total of the workload's pods, until :meth:`heal`."""
        with self._lock:
            self._poison[ref] = total

    def confuse(self, pod: str, problem: str) -> None:
        """Readings name this pod as ambiguous instead of giving its sample, until :meth:`heal`."""
        with self._lock:
            self._ambiguous[pod] = problem

    def heal(self) -> None:
        """No more poison, no more ambiguity."""
        with self._lock:
            self._poison.clear()
            self._ambiguous.clear()

    def _unknown(self, signal: str) -> str:
        known = {name for traffic in self._traffic.values() for name in traffic.signals}
        if not known or signal in known:
            return ""
        return f"no such signal is configured — valid: {', '.join(sorted(known))}"

    def _poisoned(self, ref: WorkloadRef, sample: Sample) -> Sample:
        total = self._poison.get(ref)
        if total is None:
            return sample
        return replace(sample, total=total)

    def _meter(self, ref: WorkloadRef, start: float, end: float, servers: tuple[Server, ...]) -> None:
        with self._lock:
            traffic = self._traffic.get(ref)
            if traffic is None:
                return
            targets = self._targets.setdefault(ref, {})
            self._end_missing(targets, {server.pod for server in servers}, start)
            serving = sum(server.serving for server in servers)
            share = 0.0 if ref in self._idle or not serving else traffic.rps / serving
            for server in servers:
                target = targets.get(server.pod) or targets.setdefault(
                    server.pod, self._target(ref, server.pod)
                )
                target.meet(server, traffic)
                rps = share if server.serving else 0.0
                scraped = server.running and ref not in self._unscraped
                self._live(target, traffic, server.tag, _Span(start, end, rps, scraped))

    def _live(self, target: Target, traffic: Traffic, tag: str, span: _Span) -> None:
        served = span.start
        for at in target.scrapes(span.start, span.end):
            target.serve(traffic, tag, span.rps * (at - served))
            served = at
            if not self._scraping:
                continue
            if span.scraped:
                target.scrape(at, self._seed)
            else:
                target.up = False
        target.serve(traffic, tag, span.rps * (span.end - served))

    def _end_missing(self, targets: dict[str, Target], present: set[str], at: float) -> None:
        for pod, target in list(targets.items()):
            if pod in present:
                continue
            if target.ended is None:
                target.ended = at
            elif target.ended < at - self._retention:
                del targets[pod]

    def _target(self, ref: WorkloadRef, pod: str) -> Target:
        digest = hashlib.sha256(f"{self._seed}/{pod}".encode()).digest()
        return Target(
            namespace=ref.namespace,
            pod=pod,
            phase=int.from_bytes(digest[:4]) / 2**32 * self._interval,
            interval=self._interval,
            kept=max(1, math.ceil(self._retention / self._interval)),
        )
