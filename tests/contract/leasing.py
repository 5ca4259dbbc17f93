"""The drivers of the lease: the twin's, and the real one's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.election import Lease
from daemon.ports import Leases, Unavailable


class LeaseDriver(Protocol):
    """A lease that does not exist yet."""

    @property
    def leases(self) -> Leases: ...
    def delete(self) -> None: ...
    def cut_off(self) -> Leases:
        """One whose API server does not answer."""
        ...


class _Silent:
    def read(self) -> Lease | None:
        raise Unavailable("the API server does not answer")

    def write(self, lease: Lease) -> Lease:
        raise Unavailable("the API server does not answer")


class MemoryLeaseDriver:
    def __init__(self) -> None:
        self.leases = MemoryLease()

    def delete(self) -> None:
        self.leases.delete()

    def cut_off(self) -> Leases:
        return _Silent()


@contextmanager
def real_lease() -> Iterator[LeaseDriver]:
    from daemon.adapters.clock import SystemClock
    from daemon.adapters.kubernetes.client import KubeClient
    from daemon.adapters.kubernetes.lease import KubeLease
    from tests.contract.real import client_of, namespace, running

    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:

        def lease(of: KubeClient) -> KubeLease:
            return KubeLease(of, namespace=home, name="rollbackd", clock=SystemClock())

        class Real:
            leases = lease(client)

            def delete(self) -> None:
                cluster.kubectl("-n", home, "delete", "lease", "rollbackd")

            def cut_off(self) -> Leases:
                return lease(dead)

        yield Real()
