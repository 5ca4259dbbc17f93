"""When an iCalendar file (RFC 5545) has events: each of them is a freeze, whatever it is called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon.settings.windows import LONGEST, FreezeTime

if TYPE_CHECKING:
    from ical.event import Event

MOST_BYTES = 1_048_576
"""A ConfigMap holds no more."""
MOST = 20_000
"""Occurrences that are followed; a daily event has as many in 54 years."""
OFTEN = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})
AHEAD = timedelta(days=400)
"""How far occurrences are looked for: a yearly one is found."""


class CalendarError(Exception):
    """Why a calendar cannot be gone by, in one sentence, and what mends it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class CalendarTimes:
    """The windows of one file as it was read. ``zone`` is that of all-day events and of times without one."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        """Raises CalendarError; of a freeze that never ends as well."""
        self._path, self._zone = path, zone
        self._events = _events(path, _text(path))
        self._until = max(self._span(event).start for event in self._events) + AHEAD
        self._windows = self._merged(self._until)
        endless = next((one for one in self._windows if one.end - one.start > LONGEST), None)
        if endless is not None:
            raise CalendarError(
                f"the freeze of {path} that begins {endless.start:%Y-%m-%d} never ends: after {LONGEST.days} "
                "days it is still on",
                "end its events; mode: advise keeps the daemon from acting at all",
            )

    def window(self, at: datetime) -> FreezeTime | None:
        """The window that a time is in, or that comes next; ``None`` where none comes for a year.

        Raises CalendarError where there are too many occurrences to follow.
        """
        if at + AHEAD / 2 > self._until:
            self._windows, self._until = self._merged(at + AHEAD), at + AHEAD
        return next((one for one in self._windows if at < one.end), None)

    def _merged(self, until: datetime) -> tuple[FreezeTime, ...]:
        """The windows that begin before a time, in order; those without a gap are one."""
        found: list[FreezeTime] = []
        for one in sorted(self._spans(until), key=lambda span: span.start):
            if found and one.start <= found[-1].end:
                found[-1] = FreezeTime(start=found[-1].start, end=max(found[-1].end, one.end))
            else:
                found.append(one)
        return tuple(found)

    def _spans(self, until: datetime) -> Iterator[FreezeTime]:
        moved = {
            (event.uid, event.recurrence_id.removesuffix("Z"))
            for event in self._events
            if event.recurrence_id
        }
        for event in self._events:
            if event.rdate and event.rrule is None:
                # The library takes the further dates alone, and the first is one as well.
                yield self._span(event)
        for number, event in enumerate(self._occurrences()):
            if number >= MOST:
                raise CalendarError(
                    f"{self._path} has more than {MOST} occurrences up to {until:%Y-%m-%d}",
                    "let its recurring events begin later, or recur by the day",
                )
            span = self._span(event)
            if span.start > until:
                return
            # An occurrence that was moved is expanded as well, where its own time is written in UTC.
            replaced = (event.uid, event.recurrence_id) in moved and not self._written(event)
            if not replaced and _status(event) != "CANCELLED" and span.end > span.start:
                yield span

    def _written(self, event: Event) -> bool:
        """Whether it stands in the file, and was not expanded from one that does."""
        return any(event is one for one in self._events)

    def _occurrences(self) -> Iterator[Event]:
        """In their order, without an end. Raises CalendarError."""
        from ical.timeline import generic_timeline

        try:
            yield from generic_timeline(list(self._events), self._zone)
        except Exception as error:
            # As in _events(): a rule is worked out here, and not when it is parsed.
            why = " ".join(str(error.__cause__ or error).split())[:200]
            raise CalendarError(
                f"when the events of the calendar {self._path} recur cannot be worked out ({why})",
                "write EXDATE, RDATE and UNTIL in the time zone of DTSTART, or export it anew",
            ) from error

    def _span(self, event: Event) -> FreezeTime:
        span = event.timespan_of(self._zone)
        return FreezeTime(start=span.start.astimezone(UTC), end=span.end.astimezone(UTC))


def _title(event: Event) -> str:
    return " ".join((event.summary or event.uid).split())[:100]


def _status(event: Event) -> str:
    return event.status.value if event.status is not None else ""


def _text(path: Path) -> str:
    try:
        found = path.read_bytes()
    except OSError as error:
        raise CalendarError(
            f"the calendar {path} cannot be read ({error.strerror})", "mount it, and let the daemon read it"
        ) from error
    if len(found) > MOST_BYTES:
        raise CalendarError(
            f"the calendar {path} has more than {MOST_BYTES} bytes", "keep the events that are freezes"
        )
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise CalendarError(f"the calendar {path} is not text in UTF-8", "export it as iCalendar") from error


def _events(path: Path, text: str) -> tuple[Event, ...]:
    # Where there is no calendar, nobody waits for the library.
    from ical.calendar_stream import CalendarStream

    try:
        calendars = CalendarStream.from_ics(text).calendars
        events = tuple(event for calendar in calendars for event in calendar.events)
        for event in events:
            if event.dtstart is None:
                raise ValueError("an event has no DTSTART")
            # Worked out, and that may fail.
            _ = event.end
    except Exception as error:
        # The library has its own errors, and lets others through: whatever it is, the file is not understood.
        why = " ".join(str(error).split())[:200]
        raise CalendarError(
            f"the calendar {path} does not parse ({why})",
            "export it anew as iCalendar (.ics), with time zones",
        ) from error
    if len(events) != sum(line.strip().upper() == "BEGIN:VEVENT" for line in text.splitlines()):
        # What is not closed is left out without a word.
        raise CalendarError(f"the calendar {path} is cut off, or an event does not end", "export it anew")
    if not events:
        raise CalendarError(f"the calendar {path} has no events", "add one, or take the freeze out")
    often = next((event for event in events if event.rrule and event.rrule.freq.value in OFTEN), None)
    if often is not None:
        raise CalendarError(
            f"an event of the calendar {path} recurs more often than once a day ({_title(often)})",
            "make it one event for the day, or write a cron",
        )
    backwards = next((event for event in events if event.end < event.start), None)
    if backwards is not None:
        raise CalendarError(
            f"an event of the calendar {path} ends before it begins ({_title(backwards)})",
            "correct its end",
        )
    return events
