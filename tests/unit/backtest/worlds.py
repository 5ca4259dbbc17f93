"""A past that was lived through in memory, and a metrics server that remembers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.core.signals.sample import Sample
from daemon.engine.backtest.run import Backtest, Judged, Question, RunState
from daemon.ports import Gauge, Unavailable
from tests.engine.world import POLICY, REF, World

HOURS = 9000.0
LOOKBACK = 300.0


class MemoryPast:
    """The backtest's ``Past``; ``asked`` are the queries, ``fails`` the number of the one that is not
    answered."""

    def __init__(self, metrics: MemoryMetrics) -> None:
        self._metrics = metrics
        self.asked: list[tuple[str, float, float]] = []
        self.fails: int | None = None
        self.lost: tuple[float, float] | None = None
        """A time of which the server has no sample."""
        self.down: tuple[float, float] | None = None
        """A time in which every pod reports every dependency down."""

    def pods(self, start: float, end: float, step: float) -> Mapping[str, Sequence[float]]:
        self._ask("", start, end)
        return self._present(start, end, step)

    def _present(self, start: float, end: float, step: float) -> Mapping[str, Sequence[float]]:
        scrapes: dict[str, list[float]] = {}
        for sample in self._history("errors", start - LOOKBACK, end):
            scrapes.setdefault(sample.pod, []).append(sample.at)
        looks = [start + index * step for index in range(int((end - start) // step) + 1)]
        return {
            # Of a pod that is gone Prometheus knows at the next scrape, of 15 s here.
            pod: seen
            for pod, times in scrapes.items()
            if (seen := [look for look in looks if any(look - 15.0 < at <= look for at in times)])
        }

    def samples(self, signal: str, start: float, end: float, step: float) -> Sequence[Sample]:
        self._ask(signal, start, end)
        return self._history(signal, start, end)

    def cost(self, signal: str) -> int:
        return 1

    def gauges(self, dependency: str, start: float, end: float, step: float) -> Sequence[Gauge]:
        """Each pod reports it; to none it is there while it is ``down``."""
        self._ask(dependency, start, end)
        first, last = self.down or (0.0, 0.0)
        return [
            Gauge(namespace=REF.namespace, pod=pod, at=at, value=0.0 if first <= at <= last else 1.0)
            for pod, times in self._present(start, end, step).items()
            for at in times
        ]

    def _ask(self, what: str, start: float, end: float) -> None:
        self.asked.append((what, start, end))
        if self.fails == len(self.asked):
            raise Unavailable("Prometheus at http://prometheus cannot be reached")

    def _history(self, signal: str, start: float, end: float) -> list[Sample]:
        found = self._metrics.history(
            signal, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
        )
        first, last = self.lost or (0.0, 0.0)
        return [sample for sample in found if not first <= sample.at <= last]


class Kept:
    """What was saved last."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.saved = 0

    def save(self, content: bytes) -> None:
        self.content = content
        self.saved += 1


def lived(world: World, *story: tuple[str | Callable[[World], None], float]) -> World:
    """Let things happen one after the other: a tag that is deployed or an act, and the seconds after it."""
    for what, seconds in story:
        if isinstance(what, str):
            world.deploy(what)
        else:
            what(world)
        world.run(seconds, step=5.0)
    return world


def question(world: World, since: float, **changes: object) -> Question:
    now = world.clock.now().timestamp()
    values = {
        "workload": REF,
        "policy": POLICY,
        "start": now - since,
        "end": now,
        "fingerprint": "f",
    } | changes
    return Question(**values)  # type: ignore[arg-type]


def run(
    asked: Question, past: MemoryPast, kept: Kept | None = None, before: RunState | None = None
) -> Backtest:
    backtest = Backtest(asked, past, kept, before)
    for _ in backtest.run():
        pass
    return backtest


def judged(backtest: Backtest) -> list[Judged]:
    return [progress for progress in backtest.run() if isinstance(progress, Judged)]


@cache
def eventful() -> World:
    """A bad release that people took back after four minutes, then a good one, pods replaced and added."""
    world = World(rps=20, errors={"v2.0.0": 0.2})
    return lived(world, ("v1.0.0", 3000), ("v2.0.0", 240), ("v1.0.0", 1800), (_scaled, 900), ("v3.0.0", 1500))


def _scaled(world: World) -> None:
    world.replicas = 5
    world.deploy("v1.0.0")
