"""The engine's clock: the time of day that the daemon began with, carried on by the monotonic clock.

A machine's time of day jumps when it is set, and whatever is compared with it would jump along. The daemon
compares its time with times of the API server above all, so the API server's time holds where it is known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from daemon.ports import Clock

TOLERATED = 2.0
"""Seconds of difference from the API server that are left alone: its time comes in whole seconds, and
travels."""


class SteadyClock:
    """Implements :class:`daemon.ports.Clock`. ``server`` gives the API server's time now, or ``None``."""

    def __init__(self, clock: Clock, server: Callable[[], datetime | None]) -> None:
        self._clock = clock
        self._server = server
        self._zero = clock.now() - timedelta(seconds=clock.monotonic())
        self._told = False

    def now(self) -> datetime:
        if not self._told:
            self.steer()
        return self._ours()

    def _ours(self) -> datetime:
        return self._zero + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def steer(self) -> None:
        """Go by the API server's time from now on, if it is known and ours differs by more than is tolerated.

        The monotonic clock stands still while a virtual machine is suspended.
        """
        told = self._server()
        if told is None:
            return
        self._told = True
        ahead = told - self._ours()
        if abs(ahead.total_seconds()) > TOLERATED:
            self._zero += ahead
