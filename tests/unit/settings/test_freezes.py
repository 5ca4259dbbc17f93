"""Freeze windows: when they are on, and what is no freeze."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.settings import FreezeSettings
from daemon.settings.windows import FreezeTime, Schedule, window_at, window_next

BERLIN = ZoneInfo("Europe/Berlin")


def weekend(zone: str = "Europe/Berlin") -> Schedule:
    return FreezeSettings(
        name="weekend",
        cron="0 18 * * FRI",
        duration="62h",  # type: ignore[arg-type]
        time_zone=zone,
    ).schedule


def berlin(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_a_window_begins_and_ends_in_its_own_time_zone() -> None:
    begin, end = berlin(9, 18), berlin(12, 8)
    assert window_at(weekend(), begin) == FreezeTime(start=begin.astimezone(UTC), end=end.astimezone(UTC))
    assert window_at(weekend(), begin - timedelta(microseconds=1)) is None
    assert window_at(weekend(), end - timedelta(microseconds=1)) is not None
    assert window_at(weekend(), end) is None


def test_the_next_window_is_found_from_outside_and_from_inside() -> None:
    outside, inside = window_next(weekend(), berlin(7, 12)), window_next(weekend(), berlin(10, 12))
    assert outside is not None
    assert inside is not None
    assert (outside.start, inside.start) == (berlin(9, 18), berlin(16, 18))


def test_a_window_over_a_change_of_the_clocks_is_as_long_as_any_other() -> None:
    found = window_at(weekend(), berlin(28, 12, month=3))
    assert found is not None
    assert found.end - found.start == timedelta(hours=62)
    assert found.end == berlin(30, 9, month=3), "an hour later by the clock on the wall"


def test_windows_without_a_gap_are_one() -> None:
    days = FreezeSettings(name="days", cron="0 0 24-26 12 *", duration="24h").schedule  # type: ignore[arg-type]
    found = window_at(days, datetime(2026, 12, 24, 3, tzinfo=UTC))
    assert found == FreezeTime(
        start=datetime(2026, 12, 24, tzinfo=UTC), end=datetime(2026, 12, 27, tzinfo=UTC)
    )


BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SET_BACK = datetime(2026, 10, 25, tzinfo=UTC)
"""The day on which Berlin's clocks show an hour twice."""
TIMES = st.integers(0, 2 * 365 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
TIMES |= st.integers(0, 6 * 3600).map(lambda seconds: SET_BACK + timedelta(seconds=seconds))
CRONS = st.sampled_from(["0 18 * * FRI", "30 2 * * *", "*/30 * * * *", "0 0 1 * *", "15 1-3 * * 0"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@given(CRONS, ZONES, st.integers(5, 2000), TIMES)
def test_a_time_in_a_window_has_a_beginning_before_it_and_an_end_after(
    cron: str, zone: str, minutes: int, at: datetime
) -> None:
    schedule = Schedule(cron=cron, zone=ZoneInfo(zone), seconds=60.0 * minutes)
    found = window_at(schedule, at)
    if found is not None:
        assert found.start <= at < found.end
        return
    coming = window_next(schedule, at)
    assert coming is not None
    assert coming.start > at
    assert window_at(schedule, coming.start - timedelta(seconds=1)) is None


BROKEN = [
    ({"cron": "0 18 * *"}, "has 4 fields, and a cron expression has five"),
    ({"cron": "0 0 18 * * 5"}, "has 6 fields"),
    ({"cron": "0 25 * * *"}, "'0 25 * * *' is not a cron expression (bad hour)"),
    ({"cron": "0 18 * * FREITAG"}, "(bad day-of-week)"),
    ({"cron": "0 0 30 2 *"}, "is not a cron expression (bad day-of-month)"),
    ({"time_zone": "Europe/Berln"}, "there is no time zone 'Europe/Berln'"),
    ({"time_zone": "../../etc/passwd"}, "there is no time zone"),
    ({"duration": "1m"}, "greater than or equal to 300"),
    ({"cron": "0 * * * *", "duration": "1h"}, "the freeze never ends"),
    ({"cron": "0 0 * * *", "duration": "2d"}, "the freeze never ends"),
    ({"name": "The weekend"}, "cannot be a signal's name"),
]


@pytest.mark.parametrize(("fields", "says"), BROKEN)
def test_what_cannot_be_meant_is_one_sentence(fields: dict[str, str], says: str) -> None:
    given_ = {"name": "weekend", "cron": "0 18 * * FRI", "duration": "62h"} | fields
    with pytest.raises(ValidationError) as caught:
        FreezeSettings.model_validate(given_)
    assert [error for error in caught.value.errors() if says in error["msg"]], caught.value
    assert caught.value.error_count() == 1
