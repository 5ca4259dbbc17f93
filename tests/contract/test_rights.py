"""The contract of :class:`daemon.ports.Rights`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.core.case.steps.step import Right
from daemon.ports import Unavailable
from tests.contract.conftest import BOTH
from tests.contract.rights import MemoryRightsDriver, RightsDriver

PATCH = Right(verb="patch", resource="deployments", group="apps", name="web")
CREATE = Right(verb="create", resource="configmaps")


@pytest.fixture(params=BOTH)
def limited(request: pytest.FixtureRequest) -> Iterator[RightsDriver]:
    if request.param == "memory":
        yield MemoryRightsDriver()
        return
    from tests.contract import real_rights

    with real_rights.rights_driver() as driver:
        yield driver


def test_what_is_granted_is_allowed_and_nothing_else(limited: RightsDriver) -> None:
    limited.grant(PATCH)
    assert limited.rights.may(limited.namespace, PATCH)
    assert not limited.rights.may(limited.namespace, CREATE)


def test_a_right_for_one_name_is_none_for_another(limited: RightsDriver) -> None:
    limited.grant(PATCH)
    other = Right(verb="patch", resource="deployments", group="apps", name="other")
    assert not limited.rights.may(limited.namespace, other)


def test_a_right_for_all_names_is_one_for_each(limited: RightsDriver) -> None:
    limited.grant(Right(verb="patch", resource="deployments", group="apps"))
    assert limited.rights.may(limited.namespace, PATCH)


def test_a_server_that_does_not_answer_is_unavailable(limited: RightsDriver) -> None:
    with pytest.raises(Unavailable):
        limited.cut_off().may(limited.namespace, PATCH)
