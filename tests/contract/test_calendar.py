"""The contract of :class:`daemon.ports.Calendar`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.adapters.freezes import FreezeCalendar
from daemon.adapters.simulation.calendar import MemoryCalendar
from daemon.core.case.guards.guard import FreezeWindow
from daemon.ports import Calendar
from daemon.settings import FreezeSettings
from tests.calendars import ics

FRIDAY = datetime(2026, 1, 9, 18, tzinfo=UTC)
WEEKEND, XMAS = timedelta(hours=62), datetime(2026, 12, 24, tzinfo=UTC)
DAY = timedelta(days=1)


def by_cron() -> Calendar:
    return FreezeCalendar(
        (
            FreezeSettings(name="weekend", cron="0 18 * * FRI", duration=WEEKEND.total_seconds()),
            FreezeSettings(name="xmas", cron="0 0 24-26 12 *", duration=DAY.total_seconds()),
        )
    )


def in_memory() -> Calendar:
    calendar = MemoryCalendar()
    for week in range(60):
        begin = FRIDAY + week * timedelta(weeks=1)
        calendar.add("weekend", begin, begin + WEEKEND)
    for day in range(3):
        calendar.add("xmas", XMAS + day * DAY, XMAS + (day + 1) * DAY)
    return calendar


def by_file(folder: Path) -> Calendar:
    written = {
        "weekend": "DTSTART:20260109T180000Z\nDURATION:PT62H\nRRULE:FREQ=WEEKLY",
        "xmas": "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,25,26",
    }
    for name, event in written.items():
        (folder / f"{name}.ics").write_text(ics(event))
    return FreezeCalendar([FreezeSettings(name=name, calendar=folder / f"{name}.ics") for name in written])


@pytest.fixture(params=["cron", "file", "memory"])
def calendar(request: pytest.FixtureRequest, tmp_path: Path) -> Calendar:
    match request.param:
        case "cron":
            return by_cron()
        case "file":
            return by_file(tmp_path)
        case _:
            return in_memory()


def test_inside_it_names_the_freeze_and_its_end(calendar: Calendar) -> None:
    end = FreezeWindow(name="weekend", until=FRIDAY + WEEKEND)
    for inside in (FRIDAY, FRIDAY + timedelta(seconds=1), FRIDAY + WEEKEND - timedelta(seconds=1)):
        assert calendar.frozen(("weekend", "xmas"), inside) == end


def test_outside_and_where_it_is_not_asked_for_there_is_none(calendar: Calendar) -> None:
    for outside in (FRIDAY - timedelta(seconds=1), FRIDAY + WEEKEND, FRIDAY + timedelta(days=4)):
        assert calendar.frozen(("weekend", "xmas"), outside) is None
    assert calendar.frozen(("xmas", "nobody"), FRIDAY) is None
    assert calendar.frozen((), FRIDAY) is None


def test_windows_without_a_gap_are_one(calendar: Calendar) -> None:
    found = calendar.frozen(("xmas",), XMAS + timedelta(hours=3))
    assert found == FreezeWindow(name="xmas", until=XMAS + 3 * DAY)


def test_the_first_that_is_on_is_named(calendar: Calendar) -> None:
    both = XMAS + timedelta(days=1, hours=20)  # a Friday
    assert calendar.frozen(("weekend", "xmas"), both) == FreezeWindow(
        name="weekend", until=both - timedelta(hours=2) + WEEKEND
    )
    assert calendar.frozen(("xmas", "weekend"), both) == FreezeWindow(name="xmas", until=XMAS + 3 * DAY)


def test_time_may_be_asked_in_any_order(calendar: Calendar) -> None:
    times = [FRIDAY + hours * timedelta(hours=7) for hours in range(60)]
    forward = [calendar.frozen(("weekend",), at) for at in times]
    assert [calendar.frozen(("weekend",), at) for at in reversed(times)] == forward[::-1]
    assert {found is None for found in forward} == {True, False}
