"""The lease by which several replicas agree who acts."""

from __future__ import annotations

from typing import Protocol

from daemon.core.election import Lease


class Leases(Protocol):
    """One lease. Each call answers or gives up within few seconds."""

    def read(self) -> Lease | None:
        """As it is stored; ``None`` where there is none. Raises Denied, Unavailable."""
        ...

    def write(self, lease: Lease) -> Lease:
        """Store it, if ``lease.version`` is still the stored one; it is made anew where that is empty.

        Returns it with its new version. Raises Conflict (it changed, or exists already), Missing (it was
        deleted), Denied, Rejected, Unavailable: of the last it is not known whether it was stored.
        """
        ...
