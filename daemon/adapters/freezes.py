"""The configured freeze windows: :class:`daemon.ports.Calendar` by cron expressions and by calendar files."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon.core.case.guards.guard import FreezeWindow
from daemon.settings import FreezeSettings
from daemon.settings.calendar_file import CalendarError, CalendarTimes
from daemon.settings.windows import FreezeTime

Stamp = tuple[int, int, int] | None
"""What changes when a file is written anew or mounted anew; ``None`` where it is not there."""


class FreezeCalendar:
    """Asked by several workers, at each look."""

    def __init__(self, freezes: Sequence[FreezeSettings]) -> None:
        self._freezes = {
            freeze.name: CronFreeze(freeze) if freeze.calendar is None else FileFreeze(freeze)
            for freeze in freezes
        }

    def frozen(self, freezes: Sequence[str], at: datetime) -> FreezeWindow | None:
        doubtful: FreezeWindow | None = None
        for name in freezes:
            freeze = self._freezes.get(name)
            if freeze is None:
                continue
            found, problem = freeze.window(at), freeze.problem
            if found is not None and found.start <= at < found.end:
                return FreezeWindow(name=name, until=found.end, problem=problem)
            if problem and doubtful is None:
                doubtful = FreezeWindow(name=name, until=None, problem=problem)
        return doubtful

    def problems(self) -> Mapping[str, str]:
        """Freeze → why its calendar cannot be read."""
        return {f"freeze {name}": one.problem for name, one in self._freezes.items() if one.problem}


class CronFreeze:
    """Remembers the window that is on or comes next, for expressions are slow."""

    problem = ""

    def __init__(self, freeze: FreezeSettings) -> None:
        self._freeze = freeze
        self._known: tuple[datetime, FreezeTime] | None = None
        """When the window was worked out that was on then or came next, and that."""

    def window(self, at: datetime) -> FreezeTime | None:
        known = self._known
        if known is not None and known[0] <= at < known[1].end:
            return known[1]
        found = self._freeze.window(at)
        if found is not None and found.start > at:
            # Those that follow it without a gap belong to it.
            found = self._freeze.window(found.start)
        if found is not None:
            self._known = (at, found)
        return found


class FileFreeze:
    """A file that is read again when it changes. While it cannot be, the last that could is gone by."""

    def __init__(self, freeze: FreezeSettings) -> None:
        self._freeze = freeze
        self._lock = threading.Lock()
        self._times: CalendarTimes | None = None
        self._stamp: Stamp = None
        self._read = False
        self.problem = ""

    def window(self, at: datetime) -> FreezeTime | None:
        with self._lock:
            try:
                self._look()
                return self._times.window(at) if self._times is not None else None
            except CalendarError as error:
                self.problem = f"{error.message}; {error.remedy}"
                return None

    def _look(self) -> None:
        """Read the file anew where it is another one than before."""
        path = self._freeze.calendar
        assert path is not None
        try:
            stat = path.stat()
            stamp: Stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except OSError:
            stamp = None
        if self._read and stamp == self._stamp:
            return
        self._read, self._stamp = True, stamp
        try:
            self._times, self.problem = CalendarTimes(path, self._freeze.zone), ""
        except CalendarError as error:
            self.problem = f"{error.message}; {error.remedy}"
