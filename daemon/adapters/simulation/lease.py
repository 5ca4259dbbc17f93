"""A lease in memory."""

from __future__ import annotations

import itertools
import threading

from msgspec.structs import replace

from daemon.core.election import Lease
from daemon.ports import Conflict, Missing


class MemoryLease:
    """Implements :class:`daemon.ports.Leases`. No version is used twice, not even by a lease made anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: Lease | None = None
        self._versions = itertools.count(1)

    def read(self) -> Lease | None:
        with self._lock:
            return self._stored

    def write(self, lease: Lease) -> Lease:
        with self._lock:
            version = self._stored.version if self._stored is not None else ""
            if lease.version and not version:
                raise Missing("the lease does not exist: it was deleted")
            if lease.version != version:
                raise Conflict(f"the lease is at version {version}, not {lease.version or '(none)'}")
            self._stored = replace(lease, version=str(next(self._versions)))
            return self._stored

    def delete(self) -> None:
        with self._lock:
            self._stored = None
