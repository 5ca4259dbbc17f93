"""A past of a bad release, a return and a good one, and the program as it runs at its end."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from daemon.ports import Clock
from tests.engine.world import World
from tests.unit.backtest.worlds import lived
from tests.unit.cli.conftest import FakeParts


class StoppedClock:
    """Stands at the end of the world's story: what is asked for takes no time."""

    def __init__(self, world: World) -> None:
        self._now = world.clock.now()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0


@cache
def world() -> World:
    lasting = World(rps=20, errors={"v2.0.0": 0.2})
    return lived(lasting, ("v1.0.0", 3000), ("v2.0.0", 240), ("v1.0.0", 2400), ("v3.0.0", 1500))


class PastParts(FakeParts):
    def clock(self) -> Clock:
        return StoppedClock(world())
