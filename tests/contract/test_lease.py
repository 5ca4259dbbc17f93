"""What the election relies on: a write is valid for the version that was read, and for no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from daemon.core.election import RELEASED, Lease
from daemon.ports import Conflict, Missing, Unavailable
from tests.contract.leasing import LeaseDriver, MemoryLeaseDriver, real_lease

MINE = Lease(holder="one_1", duration=10.0, transitions=1)


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.e2e)])
def driver(request: pytest.FixtureRequest) -> Iterator[LeaseDriver]:
    if request.param == "memory":
        yield MemoryLeaseDriver()
        return
    with real_lease() as made:
        yield made


def test_there_is_none_until_it_is_made(driver: LeaseDriver) -> None:
    assert driver.leases.read() is None
    with pytest.raises(Missing):
        driver.leases.write(replace(MINE, version="1"))
    made = driver.leases.write(MINE)
    assert made.version != ""
    assert made == replace(MINE, version=made.version)
    assert driver.leases.read() == made


def test_it_is_made_once(driver: LeaseDriver) -> None:
    made = driver.leases.write(MINE)
    with pytest.raises(Conflict):
        driver.leases.write(replace(MINE, holder="two_1"))
    assert driver.leases.read() == made


def test_a_renewal_is_a_new_version(driver: LeaseDriver) -> None:
    made = driver.leases.write(MINE)
    renewed = driver.leases.write(made)
    assert renewed.version != made.version
    assert replace(renewed, version="") == MINE
    with pytest.raises(Conflict):
        driver.leases.write(replace(made, holder="two_1", transitions=2))
    assert driver.leases.read() == renewed


def test_the_members_of_a_layout_are_kept_and_written_as_a_whole(driver: LeaseDriver) -> None:
    made = driver.leases.write(replace(MINE, members={"one": "0", "two": "0"}))
    assert made.members == {"one": "0", "two": "0"}
    assert driver.leases.read() == made
    left = driver.leases.write(replace(made, members={"two": "1"}))
    assert left.members == {"two": "1"}
    assert driver.leases.read() == left
    nobody = driver.leases.write(replace(left, members={}))
    assert nobody.members == {}
    assert driver.leases.read() == nobody


def test_a_lease_that_was_given_back_is_free(driver: LeaseDriver) -> None:
    made = driver.leases.write(MINE)
    assert not made.free
    driver.leases.write(replace(made, holder="", duration=RELEASED))
    back = driver.leases.read()
    assert back is not None
    assert back.free
    assert back.transitions == MINE.transitions


def test_one_that_nobody_held_yet_is_not_free(driver: LeaseDriver) -> None:
    """It may be in place of one that was deleted while its holder acts."""
    made = driver.leases.write(Lease(duration=10.0))
    assert (made.holder, made.free) == ("", False)


def test_a_lease_made_anew_has_no_version_of_the_one_before(driver: LeaseDriver) -> None:
    made = driver.leases.write(MINE)
    driver.delete()
    assert driver.leases.read() is None
    with pytest.raises((Missing, Conflict)):
        driver.leases.write(made)
    again = driver.leases.write(MINE)
    assert again.version != made.version
    with pytest.raises(Conflict):
        driver.leases.write(made)


def test_without_an_answer_it_is_not_known(driver: LeaseDriver) -> None:
    with pytest.raises(Unavailable):
        driver.cut_off().read()
    with pytest.raises(Unavailable):
        driver.cut_off().write(MINE)
