"""A freeze whose calendar cannot be read: it may be on, so nothing is done by itself until that is known."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from daemon.core.case.case import Phase
from tests.engine.world import POLICY, World

WHY = "the calendar /etc/freezes/season.ics does not parse"


def failing() -> World:
    world = World(rps=50.0, errors={"v1.1.0": 0.3}, policy=replace(POLICY, freezes=("season",)))
    world.calendar.broken["season"] = WHY
    world.settled()
    world.deploy("v1.1.0")
    return world


def test_it_is_held_with_the_reason_and_goes_on_when_the_calendar_can_be_read() -> None:
    world = failing()
    case = world.run_until(Phase.HELD, within=300)
    assert f"whether the freeze season is on is not known: {WHY}" in case.status.reason
    assert case.status.refusal is not None
    assert (case.status.refusal.guard, case.status.refusal.until) == ("freeze", None)
    assert "until the calendar can be read again" in case.status.reason
    world.calendar.broken.clear()
    world.run_until(Phase.ROLLED_BACK, within=300)


def test_what_it_said_before_is_gone_by_until_its_end() -> None:
    world = failing()
    now = world.clock.now()
    world.calendar.add("season", now, now + timedelta(hours=2))
    case = world.run_until(Phase.HELD, within=300)
    assert "the freeze season is on, as its calendar said before" in case.status.reason
    assert case.status.refusal is not None
    assert case.status.refusal.until == now + timedelta(hours=2)


def test_an_approval_goes_all_the_same() -> None:
    world = failing()
    case = world.run_until(Phase.HELD, within=300)
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert any("although whether the freeze season" in entry.text for entry in case.status.timeline)
