"""The lease of the layout, in which every replica that renews it leaves a sign of life."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from msgspec.structs import replace

from daemon.core import sharding
from daemon.core.election import Lease
from daemon.core.sharding import FORGOTTEN, Roster
from daemon.ports import Leases, PortError


class Members:
    """Implements :class:`daemon.ports.Leases`. ``sound`` says whether this replica is to be counted on."""

    def __init__(
        self,
        leases: Leases,
        *,
        me: str,
        monotonic: Callable[[], float],
        within: float,
        sound: Callable[[], bool],
    ) -> None:
        """``within``: seconds without a sign of life after which a replica is held to be dead."""
        self._leases = leases
        self._me = me
        self._monotonic = monotonic
        self._within = within
        self._sound = sound
        self._roster = Roster()
        """Replaced as a whole by the one thread that reads and writes the lease, for others read it."""

    def read(self) -> Lease | None:
        return self._heard(self._leases.read())

    def write(self, lease: Lease) -> Lease:
        # The version that is replaced is another one each time.
        own = {self._me: lease.version} if self._sound() else {}
        stored = self._leases.write(replace(lease, members={**self._others(lease), **own}))
        self._heard(stored)
        return stored

    def alive(self) -> tuple[str, ...]:
        """The replicas that there are, this one among them, sorted."""
        return sharding.alive(self._roster, self._me, self._monotonic(), self._within)

    def leave(self) -> None:
        """This replica ends, and holds nothing any more: the others need not wait to learn it."""
        with contextlib.suppress(PortError):
            lease = self._leases.read()
            if lease is not None and self._me in (lease.members or {}):
                self._leases.write(replace(lease, members=self._others(lease)))

    def _others(self, lease: Lease) -> dict[str, str]:
        known = sharding.alive(self._roster, self._me, self._monotonic(), FORGOTTEN)
        found = lease.members or {}
        return {name: sign for name, sign in found.items() if name != self._me and name in known}

    def _heard(self, lease: Lease | None) -> Lease | None:
        if lease is not None:
            self._roster = sharding.heard(self._roster, lease.members or {}, self._monotonic())
        return lease
