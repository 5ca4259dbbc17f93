"""Freeze windows: cron expressions with a time zone or calendars, and what cannot be meant by one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from daemon.settings.calendar_file import CalendarError, CalendarTimes
from daemon.settings.problems import complaint, nearest
from daemon.settings.types import Duration, Group, ReadableFile, SignalName
from daemon.settings.windows import LONGEST, FreezeTime, Schedule, window_at, window_next

REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a schedule ever ends is the same question at any time."""


def _cron(value: str) -> str:
    fields = value.split()
    if len(fields) != 5:
        raise complaint(
            f"{value!r} has {len(fields)} fields, and a cron expression has five",
            "write minute, hour, day of the month, month and day of the week, such as '0 18 * * FRI'",
        )
    try:
        CronSim(value, REFERENCE)
    except CronSimError as error:
        raise complaint(
            f"{value!r} is not a cron expression ({str(error).lower()})",
            "write minute, hour, day of the month, month and day of the week, such as '0 18 * * FRI'",
        ) from None
    return " ".join(fields)


def _zone(value: str) -> str:
    # A name is looked up as a file: only those that are known go there.
    if value in available_timezones():
        return value
    near = nearest(value, available_timezones())
    remedy = f"did you mean {near}?" if near else "write a name of the IANA database, such as Europe/Berlin"
    raise complaint(f"there is no time zone {value!r}", remedy)


class FreezeSettings(Group):
    """A time in which the daemon holds instead of acting by itself.

    It is either one that returns, by `cron` and `duration`, or all events of a `calendar`.
    """

    name: SignalName = Field(description="Short name, unique; cases and workloads refer to it.")
    cron: Annotated[str, AfterValidator(_cron)] | None = Field(
        default=None,
        description=(
            "When it begins: minute, hour, day of the month, month, day of the week, as Debian's cron reads "
            "them. `0 18 * * FRI` is Friday, 18:00. Goes with `duration`."
        ),
    )
    duration: Duration | None = Field(
        default=None,
        ge=300,
        le=5_184_000,
        description="How long it lasts: 5 minutes to 60 days. `62h` from Friday, 18:00.",
    )
    calendar: ReadableFile | None = Field(
        default=None,
        description=(
            "Instead of these: an iCalendar file (.ics), mounted from a ConfigMap. Each of its events is a "
            "freeze, recurring ones as well, unless it is cancelled. It is read again when it changes; while "
            "it does not parse then, nothing is done by itself for the workloads that it holds for."
        ),
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC",
        description=(
            "Of `cron`, and of a calendar's all-day events and times without a zone: a name of the IANA "
            "database, such as `Europe/Berlin`."
        ),
    )

    @property
    def schedule(self) -> Schedule:
        """Of one that returns. Raises ValueError for one that has a calendar, or was never checked."""
        if self.cron is None or self.duration is None:
            raise ValueError(f"freeze {self.name} has no cron expression with a duration")
        return Schedule(cron=self.cron, zone=self.zone, seconds=self.duration)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def window(self, at: datetime) -> FreezeTime | None:
        """The window that is on at a time or comes next. Raises CalendarError."""
        if self.calendar is not None:
            return CalendarTimes(self.calendar, self.zone).window(at)
        return window_at(self.schedule, at) or window_next(self.schedule, at)

    @model_validator(mode="after")
    def _ends(self) -> FreezeSettings:
        if (self.cron is not None or self.duration is not None) == (self.calendar is not None):
            raise complaint(
                "a freeze is either a cron with its duration or a calendar",
                "write cron and duration, or calendar alone",
            )
        if self.calendar is not None:
            self._parses(self.calendar)
            return self
        if self.cron is None or self.duration is None:
            missing = "cron" if self.cron is None else "duration"
            raise complaint(f"{missing} is missing", f"add '{missing}:'")
        first = window_next(self.schedule, REFERENCE)
        if first is None:
            raise complaint(f"{self.cron!r} never comes", "write a day that some month has")
        window = window_at(self.schedule, first.start)
        if window is not None and window.end - window.start > LONGEST:
            raise complaint(
                f"the freeze never ends: for {LONGEST.days} days it begins anew before it is over",
                "write a shorter duration or a rarer cron; mode: advise keeps the daemon from acting at all",
            )
        return self

    def _parses(self, calendar: Path) -> None:
        try:
            CalendarTimes(calendar, self.zone)
        except CalendarError as error:
            raise complaint(error.message, error.remedy) from None
