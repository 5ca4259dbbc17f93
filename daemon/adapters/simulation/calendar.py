"""Freezes in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.core.case.guards.guard import FreezeWindow


class MemoryCalendar:
    """Implements :class:`daemon.ports.Calendar`."""

    def __init__(self) -> None:
        self._windows: dict[str, list[tuple[datetime, datetime]]] = {}
        self.broken: dict[str, str] = {}
        """Freeze → why its calendar cannot be read now; what it said before is gone by."""

    def add(self, name: str, start: datetime, end: datetime) -> None:
        """Let a freeze be on from a time until another."""
        self._windows.setdefault(name, []).append((start, end))

    def frozen(self, freezes: Sequence[str], at: datetime) -> FreezeWindow | None:
        for name in freezes:
            end = at
            for start, until in sorted(self._windows.get(name, ())):
                if start <= end < until:
                    end = until
            if end > at:
                return FreezeWindow(name=name, until=end, problem=self.broken.get(name, ""))
        doubtful = next((name for name in freezes if name in self.broken), None)
        return (
            None
            if doubtful is None
            else FreezeWindow(name=doubtful, until=None, problem=self.broken[doubtful])
        )
