"""The engine's clock and its count of attention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.simulation.clock import ManualClock
from daemon.engine.attention import LONGEST_GAP, Attention
from daemon.engine.steady_clock import TOLERATED, SteadyClock
from tests.engine.world import JumpingClock


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86400.0])
def test_a_clock_that_is_set_moves_nothing(jump: float) -> None:
    world = ManualClock()
    machine = JumpingClock(world)
    clock = SteadyClock(machine, lambda: None)
    before, mark = clock.now(), clock.monotonic()
    machine.jump(jump)
    assert clock.now() == before
    world.advance(5)
    assert (clock.now() - before, clock.monotonic() - mark) == (timedelta(seconds=5), 5.0)


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 2 * TOLERATED])
def test_the_api_servers_time_holds_where_it_is_known(ahead: float) -> None:
    world = ManualClock()
    machine = JumpingClock(world)
    machine.jump(ahead)
    told: list[datetime | None] = [None]
    clock = SteadyClock(machine, lambda: told[0])
    assert clock.now() == machine.now()
    told[0] = world.now()
    clock.steer()
    assert clock.now() == world.now()


def test_what_whole_seconds_and_travel_make_of_it_is_left_alone() -> None:
    world = ManualClock()
    clock = SteadyClock(world, lambda: world.now() - timedelta(seconds=TOLERATED))
    assert clock.now() == world.now()


def test_only_time_in_which_somebody_looked_is_attention() -> None:
    world = ManualClock()
    attention = Attention(world)
    assert attention.look("a") == 0.0, "nothing is known of the time before"
    world.advance(5)
    assert attention.look("a") == 5.0
    world.advance(3600)
    assert attention.look("a") == 5.0 + LONGEST_GAP
    attention.stored("a")
    world.advance(2)
    assert attention.look("a") == 2.0
    attention.forget("a")
    assert attention.look("a") == 0.0


def test_a_manual_clock_is_utc() -> None:
    assert SteadyClock(ManualClock(), lambda: None).now().tzinfo is UTC
