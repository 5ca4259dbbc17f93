"""Without an election a daemon still does not begin beside another one that it can see."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.election import RELEASED, Lease
from daemon.ports import Denied, Rejected
from daemon.replicas import refuse_beside

HELD = Lease(holder="pod-1_a", duration=10.0, transitions=1)


def held() -> MemoryLease:
    leases = MemoryLease()
    leases.write(HELD)
    return leases


def renew(leases: MemoryLease) -> None:
    found = leases.read()
    assert found is not None
    leases.write(found)


def test_beside_a_daemon_that_renews_its_lease_none_begins() -> None:
    leases = held()
    with pytest.raises(Rejected, match=r"held by pod-1_a.*set election\.enabled: true"):
        refuse_beside(leases, lambda _: renew(leases))


def test_a_lease_that_nobody_renews_is_of_the_past() -> None:
    refuse_beside(held(), lambda _: None)


def test_without_a_lease_nobody_is_waited_for() -> None:
    given_back = held()
    found = given_back.read()
    assert found is not None
    given_back.write(replace(found, holder="", duration=RELEASED))
    for leases in (MemoryLease(), given_back):
        refuse_beside(leases, lambda _: pytest.fail("it waited"))


def test_without_the_right_nobody_is_seen() -> None:
    class Forbidden(MemoryLease):
        def read(self) -> Lease | None:
            raise Denied("leases is forbidden")

    refuse_beside(Forbidden(), lambda _: None)
