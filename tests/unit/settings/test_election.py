"""Which Leases replicas share, by the settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from daemon.core.sharding import MOST
from daemon.settings.election import ElectionSettings


def test_without_shards_there_is_one_lease() -> None:
    settings = ElectionSettings(name="mine")
    assert settings.leases("home") == (("home", "mine"),)
    assert ElectionSettings(name="mine", enabled=False).leases("home") == ()


def test_each_shard_has_a_lease_beside_the_layouts() -> None:
    found = ElectionSettings(name="mine", namespace="ops", shards=2).leases("home")
    assert found == (("ops", "mine"), ("ops", "mine-0"), ("ops", "mine-1"))


@pytest.mark.parametrize("shards", [0, MOST + 1])
def test_a_silly_number_of_shards_is_refused(shards: int) -> None:
    with pytest.raises(ValidationError, match="shards"):
        ElectionSettings(shards=shards)


def test_nothing_is_divided_without_an_election() -> None:
    with pytest.raises(ValidationError, match="set enabled to true, or shards to 1"):
        ElectionSettings(shards=2, enabled=False)
