"""When a freeze is on: what its cron expression, time zone and duration come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

LONGEST = timedelta(days=92)
"""Windows that overlap for this long are no freeze that ends."""

AMBIGUOUS = timedelta(hours=2, seconds=1)
"""Expressions are followed by the clock on the wall, which shows an hour twice when it is set back: a search
begins so far on the other side."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """``seconds`` are elapsed ones: a window over a change of the clocks is as long as any other."""

    cron: str
    zone: ZoneInfo
    seconds: float


@dataclass(frozen=True, kw_only=True)
class FreezeTime:
    """From when until when, in UTC; the end is not in it."""

    start: datetime
    end: datetime


def window_at(schedule: Schedule, at: datetime) -> FreezeTime | None:
    """The window that a time is in, with those that follow it without a gap, as far as ``LONGEST``; ``None``
    outside of any."""
    start = _last_start(schedule, at)
    if start is None:
        return None
    end = start + timedelta(seconds=schedule.seconds)
    if end <= at:
        return None
    first = start
    while end - first <= LONGEST and (start := _last_start(schedule, end)) is not None:
        later = start + timedelta(seconds=schedule.seconds)
        if later <= end:
            break
        end = later
    return FreezeTime(start=first, end=end)


def window_next(schedule: Schedule, after: datetime) -> FreezeTime | None:
    """The window that begins next after a time; ``None`` where there is none for decades."""
    found = (start.astimezone(UTC) for start in CronSim(schedule.cron, after.astimezone(schedule.zone)))
    start = next((start for start in found if start > after), None)
    return None if start is None else FreezeTime(start=start, end=start + timedelta(seconds=schedule.seconds))


def _last_start(schedule: Schedule, at: datetime) -> datetime | None:
    """The last beginning that is not after a time."""
    edge = (at.replace(microsecond=0) + AMBIGUOUS).astimezone(schedule.zone)
    found = (start.astimezone(UTC) for start in CronSim(schedule.cron, edge, reverse=True))
    return next((start for start in found if start <= at), None)
