"""The machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements :class:`daemon.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def waking() -> float:
    """Monotonic seconds that go on while the machine is suspended, as those of a lease must: others take it
    meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
