"""Calendar files: when their events are on, what is refused at the start, and when one breaks later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from daemon.adapters.freezes import FreezeCalendar
from daemon.core.case.guards.guard import FreezeWindow
from daemon.settings import FreezeSettings
from daemon.settings.calendar_file import MOST_BYTES
from tests.calendars import ics

BERLIN = ZoneInfo("Europe/Berlin")
ZONE = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE"""


def at(day: int, hour: int = 0, month: int = 3, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=zone).astimezone(UTC)


def freeze(folder: Path, *events: str, more: str = "", zone: str = "Europe/Berlin") -> FreezeSettings:
    path = folder / "freezes.ics"
    path.write_text(ics(*events, more=more))
    return FreezeSettings(name="season", calendar=path, time_zone=zone)


def spans(freeze: FreezeSettings, since: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """The windows that are on or come from a time on."""
    found = []
    for _ in range(count):
        window = freeze.window(since)
        if window is None:
            break
        found.append((window.start, window.end))
        since = window.end
    return found


FORMS = {
    "all-day in the freeze's zone": (
        ["DTSTART;VALUE=DATE:20260327\nDTEND;VALUE=DATE:20260330"],
        [(at(27), at(30))],
    ),
    "one day without an end": (["DTSTART;VALUE=DATE:20260327"], [(at(27), at(28))]),
    "a time without a zone": (["DTSTART:20260327T180000\nDURATION:PT5H"], [(at(27, 18), at(27, 23))]),
    "over a change of the clocks": (
        [
            "DTSTART;TZID=Europe/Berlin:20260327T180000\nDTEND;TZID=Europe/Berlin:20260330T080000\nRRULE:FREQ=WEEKLY"
        ],
        [(at(27, 18), at(30, 8)), (at(3, 18, month=4), at(6, 8, month=4))],
    ),
    "until, with one left out": (
        [
            "DTSTART:20260301T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260303T100000Z"
            "\nEXDATE:20260302T100000Z"
        ],
        [(at(1, 11), at(1, 12)), (at(3, 11), at(3, 12))],
    ),
    "further dates beside the first": (
        ["DTSTART:20260301T100000Z\nDURATION:PT1H\nRDATE:20260305T100000Z"],
        [(at(1, 11), at(1, 12)), (at(5, 11), at(5, 12))],
    ),
    "one occurrence moved": (
        [
            "UID:a\nDTSTART:20260301T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
            "UID:a\nRECURRENCE-ID:20260302T100000Z\nDTSTART:20260302T140000Z\nDURATION:PT1H",
        ],
        [(at(1, 11), at(1, 12)), (at(2, 15), at(2, 16))],
    ),
    "one occurrence cancelled": (
        [
            "UID:a\nDTSTART;TZID=Europe/Berlin:20260301T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
            "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20260302T100000\nDTSTART;TZID=Europe/Berlin:20260302T100000"
            "\nDURATION:PT1H\nSTATUS:CANCELLED",
        ],
        [(at(1, 10), at(1, 11))],
    ),
    "without a gap, and one within another": (
        [
            "DTSTART;VALUE=DATE:20260327",
            "DTSTART;VALUE=DATE:20260328",
            "DTSTART:20260327T120000Z\nDURATION:PT1H",
        ],
        [(at(27), at(29))],
    ),
    "cancelled, or without a duration": (
        ["DTSTART:20260327T120000Z\nDURATION:PT1H\nSTATUS:CANCELLED", "DTSTART:20260327T120000Z"],
        [],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_event_is_on_when_it_says(form: str, tmp_path: Path) -> None:
    events, wanted = FORMS[form]
    assert spans(freeze(tmp_path, *events), at(1, month=1), 3)[: len(wanted) or 1] == wanted


def test_a_time_zone_of_the_files_own_is_taken(tmp_path: Path) -> None:
    made = freeze(tmp_path, "DTSTART;TZID=Our Office:20260727T180000\nDURATION:PT1H", more=ZONE, zone="UTC")
    assert spans(made, at(1), 2) == [(at(27, 18, month=7), at(27, 19, month=7))]


REFUSED = [
    ("hello", "does not parse"),
    ("", "empty"),
    ("<html>log in</html>", "does not parse"),
    (ics("DTSTART:20260327T120000Z")[:-30], "is cut off"),
    (ics("SUMMARY:x"), "an event has no DTSTART"),
    (ics(), "has no events"),
    (ics("DTSTART:20261327T120000Z"), "does not parse"),
    (ics("DTSTART;TZID=Mars/Olympus:20260327T120000"), "to be valid timezone"),
    (ics("DTSTART:20260327T120000Z\nDURATION:PT1H\nRRULE:FREQ=DAYLY"), "does not parse"),
    (ics("DTSTART:20260327T120000Z\nDTEND:20260326T120000Z\nSUMMARY:sale"), "ends before it begins (sale)"),
    (ics("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY"), "that begins 2026-01-01 never ends"),
    (ics("DTSTART:20260101T000000Z\nDTEND:20990101T000000Z"), "never ends"),
    (ics("DTSTART:19700101T000000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY"), "more often than once a day"),
    ("x" * (MOST_BYTES + 1), "has more than"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_gone_by_is_one_sentence_at_the_start(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "freezes.ics"
    path.write_text(text)
    with pytest.raises(ValidationError) as caught:
        FreezeSettings(name="season", calendar=path)
    [error] = caught.value.errors()
    assert said in error["msg"]
    assert "\n" not in error["msg"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "either a cron with its duration or a calendar"),
        ({"cron": "0 18 * * FRI"}, "duration is missing"),
        ({"duration": 3600}, "cron is missing"),
        ({"calendar": "FILE", "cron": "0 18 * * FRI"}, "either a cron with its duration or a calendar"),
    ],
)
def test_a_freeze_has_one_form(fields: dict[str, str], said: str, tmp_path: Path) -> None:
    path = tmp_path / "freezes.ics"
    path.write_text(ics("DTSTART;VALUE=DATE:20260327"))
    given = {name: str(path) if value == "FILE" else value for name, value in fields.items()}
    with pytest.raises(ValidationError, match=said):
        FreezeSettings.model_validate({"name": "season", **given})


def test_a_file_is_read_again_when_it_changes_and_one_that_broke_is_gone_by_and_said(tmp_path: Path) -> None:
    made = freeze(tmp_path, "DTSTART;VALUE=DATE:20260327")
    path, calendar = tmp_path / "freezes.ics", FreezeCalendar([made])
    on, off = at(27, 5), at(5, 5)
    whole = FreezeWindow(name="season", until=at(28))
    assert (calendar.frozen(["season"], on), calendar.frozen(["season"], off)) == (whole, None)

    path.write_text("BEGIN:VCALENDAR\nbroken")
    found, doubtful = calendar.frozen(["season"], on), calendar.frozen(["season"], off)
    assert found is not None
    assert found.until == at(28)
    assert "does not parse" in found.problem
    assert doubtful == FreezeWindow(name="season", until=None, problem=found.problem)
    assert calendar.problems() == {"freeze season": found.problem}

    path.unlink()
    found = calendar.frozen(["season"], on)
    assert found is not None
    assert "cannot be read" in found.problem

    path.write_text(ics("DTSTART;VALUE=DATE:20260305"))
    assert calendar.frozen(["season"], on) is None
    assert calendar.frozen(["season"], off) == FreezeWindow(name="season", until=at(6))
    assert calendar.problems() == {}


def test_what_recurs_is_found_in_later_years_as_well(tmp_path: Path) -> None:
    made = freeze(tmp_path, "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY")
    calendar = FreezeCalendar([made])
    for year in range(2026, 2040):
        there = datetime(year, 12, 24, 12, tzinfo=UTC)
        assert calendar.frozen(["season"], there - timedelta(days=40)) is None
        assert calendar.frozen(["season"], there) is not None
