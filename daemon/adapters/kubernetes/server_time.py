"""The API server's time of day, by the ``Date`` header that comes with each of its answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

HALF = timedelta(seconds=0.5)
"""The header is cut to whole seconds."""


class ServerTime:
    """Thread-safe: an answer's date and its arrival are kept as one value."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._zero: datetime | None = None

    def heard(self, header: str | None) -> None:
        """An answer arrived just now; one whose date makes no sense says nothing."""
        try:
            date = parsedate_to_datetime(header or "")
            if date.tzinfo is not None:
                self._zero = date.astimezone(UTC) + HALF - timedelta(seconds=self._monotonic())
        except (ValueError, OverflowError):
            return

    def now(self) -> datetime | None:
        """Now, as far as is known: the last date and what has passed since."""
        zero = self._zero
        return None if zero is None else zero + timedelta(seconds=self._monotonic())
