"""Freeze windows: cron expressions with a time zone, and what cannot be meant by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from daemon.settings.problems import complaint, nearest
from daemon.settings.types import Duration, Group, SignalName
from daemon.settings.windows import LONGEST, Schedule, window_at, window_next

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
    """A time that returns, in which the daemon holds instead of acting by itself."""

    name: SignalName = Field(description="Short name, unique; cases and workloads refer to it.")
    cron: Annotated[str, AfterValidator(_cron)] = Field(
        description=(
            "When it begins: minute, hour, day of the month, month, day of the week, as Debian's cron reads "
            "them. `0 18 * * FRI` is Friday, 18:00."
        )
    )
    duration: Duration = Field(
        ge=300, le=5_184_000, description="How long it lasts: 5 minutes to 60 days. `62h` from Friday, 18:00."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="Of `cron`: a name of the IANA database, such as `Europe/Berlin`."
    )

    @property
    def schedule(self) -> Schedule:
        return Schedule(cron=self.cron, zone=ZoneInfo(self.time_zone), seconds=self.duration)

    @model_validator(mode="after")
    def _ends(self) -> FreezeSettings:
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
