"""What the pods of a workload count of their requests, and what a scraper gets to see of it.

Times are Unix seconds. Everything random is drawn at a scrape, from a generator of that scrape's own, so the
numbers do not depend on when or how often somebody looks.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from daemon.adapters.simulation.simulation import Server
from daemon.core.signals.sample import Sample
from daemon.core.value import Value


class Rates(Value, frozen=True):
    """How often one signal's events go wrong: ``bad`` for any image tag but those in ``by_tag``.

    ``share`` is how many such events a request makes (calculations, say). ``unclear`` is the share of the
    others that the signal cannot tell from bad ones, as a histogram without an edge at the limit.
    """

    bad: float = 0.0
    by_tag: Mapping[str, float] = {}
    share: float = 1.0
    unclear: float = 0.0
    cold: float = 0.0
    """How often the first ``cold_events`` of each process go wrong, at least."""
    cold_events: float = 0.0

    def of(self, tag: str, before: float = 0.0) -> float:
        """For a process that had so many events ``before``."""
        usual = self.by_tag.get(tag, self.bad)
        return max(usual, self.cold) if before < self.cold_events else usual


class Traffic(Value, frozen=True):
    """A workload's requests per second, which its ready pods share, and what comes of them by signal."""

    rps: float = 50.0
    signals: Mapping[str, Rates] = {}


@dataclass
class Counter:
    """One signal of one process. ``pending`` and ``expected_bad`` wait to be drawn at the next scrape."""

    pending: float = 0.0
    expected_bad: float = 0.0
    total: float = 0.0
    bad: float | None = None
    open_share: float = 0.0
    unclear: float = 0.0

    def serve(self, events: float, rate: float, unclear: float = 0.0) -> None:
        self.pending += events
        self.expected_bad += events * rate
        self.open_share = unclear

    def draw(self, source: random.Random) -> None:
        """Whole events enter the counters; a fraction waits for the next scrape."""
        events = math.floor(self.pending + 1e-6)
        if events <= 0:
            return
        share = min(events / self.pending, 1.0)
        bad = binomial(source, events, min(self.expected_bad / self.pending, 1.0))
        self.pending = max(self.pending - events, 0.0)
        self.expected_bad *= 1.0 - share
        self.total += events
        self.unclear += binomial(source, events - bad, self.open_share)
        if bad or self.bad is not None:
            self.bad = (self.bad or 0.0) + bad


@dataclass
class Target:
    """One pod, as the scraper knows it: ``phase`` (seconds) is its place within the interval."""

    namespace: str
    pod: str
    phase: float
    interval: float
    kept: int
    restarts: int = 0
    counters: dict[str, Counter] = field(default_factory=dict)
    samples: dict[str, deque[Sample]] = field(default_factory=dict)
    up: bool = False
    """Whether the last scrape succeeded; a series ends with the first that does not."""
    ended: float | None = None

    def scrapes(self, start: float, end: float) -> Iterator[float]:
        """The scrape times in (start, end]."""
        turn = math.floor((start - self.phase) / self.interval) + 1
        while (at := self.phase + turn * self.interval) <= end:
            if at > start:
                yield at
            turn += 1

    def meet(self, server: Server, traffic: Traffic) -> None:
        """A process newer than the one known counts from zero."""
        if server.restarts != self.restarts:
            self.restarts = server.restarts
            self.counters.clear()
        for name in traffic.signals:
            self.counters.setdefault(name, Counter())

    def serve(self, traffic: Traffic, tag: str, requests: float) -> None:
        for name, rates in traffic.signals.items():
            counter = self.counters[name]
            rate = rates.of(tag, counter.total + counter.pending)
            counter.serve(requests * rates.share, rate, rates.unclear)

    def scrape(self, at: float, seed: int) -> None:
        self.up = True
        for name, counter in self.counters.items():
            # Not for secrets: a simulation that can be repeated.
            counter.draw(random.Random(f"{seed}/{self.pod}/{name}/{at:.3f}"))  # noqa: S311
            sample = Sample(
                namespace=self.namespace,
                pod=self.pod,
                at=at,
                total=counter.total,
                bad=counter.bad,
                unclear=counter.unclear,
            )
            self.samples.setdefault(name, deque(maxlen=self.kept)).append(sample)

    def newest(self, signal: str, now: float, lookback: float) -> Sample | None:
        """What an instant query finds: not a series that ended, nor one older than the lookback."""
        samples = self.samples.get(signal)
        if not self.up or not samples or samples[-1].at < now - lookback:
            return None
        if self.ended is not None and next(self.scrapes(self.ended, now), None) is not None:
            return None
        return samples[-1]


def binomial(source: random.Random, events: int, rate: float) -> int:
    """How many of ``events`` go wrong; counts the gaps between them, so it takes a draw for each."""
    if rate <= 0:
        return 0
    if rate >= 1:
        return events
    if rate > 0.5:
        return events - binomial(source, events, 1 - rate)
    bad, position, scale = 0, 0, math.log1p(-rate)
    while True:
        position += int(math.log(1.0 - source.random()) / scale) + 1
        if position > events:
            return bad
        bad += 1
