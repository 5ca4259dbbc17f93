"""Clocks that the demo and the tests set the pace of."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where clocks begin unless told otherwise, so that a run's times can be compared with another's."""


class ManualClock:
    """Stands still until it is advanced."""

    def __init__(self, start: datetime = START) -> None:
        self._start = _utc(start)
        self._elapsed = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._start + self._elapsed

    def monotonic(self) -> float:
        with self._lock:
            return self._elapsed.total_seconds()

    def advance(self, seconds: float) -> datetime:
        """Move on by ``seconds`` (not negative) and return the new time of day."""
        if seconds < 0:
            raise ValueError(f"a clock cannot be advanced by {seconds} s: pass zero or more")
        with self._lock:
            self._elapsed += timedelta(seconds=seconds)
            return self._start + self._elapsed


class ScaledClock:
    """Runs ``speed`` times as fast as real time, from ``start``."""

    def __init__(self, speed: float, start: datetime = START) -> None:
        if speed <= 0:
            raise ValueError(f"a clock's speed cannot be {speed}: pass a number above zero")
        self._speed = speed
        self._start = _utc(start)
        self._began = time.monotonic()
        self._interrupted = threading.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._speed

    def sleep(self, seconds: float) -> bool:
        """Wait for ``seconds`` of this clock's time; ``False`` when :meth:`interrupt` cut it short."""
        return not self._interrupted.wait(max(seconds, 0.0) / self._speed)

    def interrupt(self) -> None:
        """End all sleeps, those to come as well: whoever sleeps is meant to stop."""
        self._interrupted.set()


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the clock's start {moment.isoformat()} has no time zone: pass an aware datetime")
    return moment.astimezone(UTC)
