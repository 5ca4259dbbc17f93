"""How long the daemon has attended to its cases, by the monotonic clock: what every deadline counts.

Time in which nobody looked does not count, so that neither a restart nor a jump of the clock ends a watch.
"""

from __future__ import annotations

import msgspec

from daemon.ports import Clock

LONGEST_GAP = 60.0
"""Seconds that one look counts at most for the time since the look before."""


class _Attended(msgspec.Struct):
    """Mutable: when a case was looked at last (monotonic), and the seconds not stored in it yet."""

    looked_at: float
    unsaved: float = 0.0


class Attention:
    """Thread-safe as long as a case is never attended to by two at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cases: dict[str, _Attended] = {}

    def look(self, key: str) -> float:
        """Seconds of attention that the case's stored state does not hold yet; 0 at the first look."""
        now = self._clock.monotonic()
        known = self._cases.setdefault(key, _Attended(looked_at=now))
        known.unsaved += min(LONGEST_GAP, now - known.looked_at)
        known.looked_at = now
        return known.unsaved

    def stored(self, key: str) -> None:
        """The case was stored with all its attention, or with none, for it entered another phase."""
        if key in self._cases:
            self._cases[key].unsaved = 0.0

    def forget(self, key: str) -> None:
        self._cases.pop(key, None)
