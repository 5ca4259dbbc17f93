"""The contract of :class:`daemon.ports.Clock`, and the pace of the clocks that have one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.simulation.clock import ManualClock, ScaledClock
from daemon.ports import Clock

SUMMER = timezone(timedelta(hours=2))
NOON = datetime(2026, 7, 1, 14, 0, tzinfo=SUMMER)


MAKERS: dict[str, Callable[[], Clock]] = {
    "manual": lambda: ManualClock(NOON),
    "scaled": lambda: ScaledClock(10.0, NOON),
    "system": SystemClock,
}


@pytest.fixture(params=list(MAKERS.values()), ids=list(MAKERS))
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_the_time_of_day_is_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC
    assert clock.now() <= clock.now()


@pytest.mark.parametrize("name", ["manual", "scaled"])
def test_a_clock_with_a_start_begins_there(name: str) -> None:
    assert timedelta(0) <= MAKERS[name]().now() - NOON < timedelta(minutes=1)


def test_monotonic_never_goes_back(clock: Clock) -> None:
    seen = [clock.monotonic() for _ in range(1000)]
    assert seen == sorted(seen)


def test_a_manual_clock_stands_still_until_advanced() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now()
    assert clock.advance(1.5) == NOON + timedelta(seconds=1.5)
    clock.advance(0)
    assert clock.now() == NOON + timedelta(seconds=1.5)
    assert clock.monotonic() == 1.5
    with pytest.raises(ValueError, match="-1"):
        clock.advance(-1)


def test_tenths_add_up_without_a_rest() -> None:
    clock = ManualClock(NOON)
    for _ in range(10_000):
        clock.advance(0.1)
    assert clock.now() == NOON + timedelta(seconds=1000)


def test_a_scaled_clock_keeps_its_pace() -> None:
    clock = ScaledClock(1000.0, NOON)
    began, real = clock.monotonic(), time.monotonic()
    assert clock.sleep(20.0)
    slept, took = clock.monotonic() - began, time.monotonic() - real
    assert slept >= 20.0
    assert took == pytest.approx(slept / 1000.0, abs=0.005)


def test_an_interrupted_sleep_ends_at_once() -> None:
    clock = ScaledClock(1.0, NOON)
    threading.Timer(0.02, clock.interrupt).start()
    real = time.monotonic()
    assert not clock.sleep(3600.0)
    assert not clock.sleep(3600.0)
    assert time.monotonic() - real < 5.0


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_clock_must_run_forwards(speed: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        ScaledClock(speed)


def test_a_clock_must_start_at_an_aware_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001
