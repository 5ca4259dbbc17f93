"""The configured freeze windows: :class:`daemon.ports.Calendar` by cron expressions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.core.case.guards.guard import FreezeWindow
from daemon.settings import FreezeSettings
from daemon.settings.windows import FreezeTime, window_at, window_next


class CronCalendar:
    """Remembers the window that is on or comes next: it is asked at each look, and expressions are slow."""

    def __init__(self, freezes: Sequence[FreezeSettings]) -> None:
        self._freezes = {freeze.name: freeze.schedule for freeze in freezes}
        self._known: dict[str, tuple[datetime, FreezeTime]] = {}
        """Freeze → when it was worked out, and the window that was on then or came next."""

    def frozen(self, freezes: Sequence[str], at: datetime) -> FreezeWindow | None:
        for name in freezes:
            found = self._window(name, at)
            if found is not None and found.start <= at < found.end:
                return FreezeWindow(name=name, until=found.end)
        return None

    def _window(self, name: str, at: datetime) -> FreezeTime | None:
        known = self._known.get(name)
        if known is not None and known[0] <= at < known[1].end:
            return known[1]
        schedule = self._freezes.get(name)
        if schedule is None:
            return None
        found = window_at(schedule, at)
        if found is None:
            coming = window_next(schedule, at)
            found = window_at(schedule, coming.start) if coming is not None else None
        if found is not None:
            self._known[name] = (at, found)
        return found
