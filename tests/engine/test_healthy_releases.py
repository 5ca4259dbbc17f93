"""The first sin: healthy releases in a row, each watched to its end, and none is rolled back."""

from __future__ import annotations

import pytest

from daemon.core.case.case import Phase
from tests.engine.world import World

IN_A_ROW = (10, pytest.param(30, marks=pytest.mark.e2e))
"""As many as are quickly played, and as many as `make e2e` has the time for."""


@pytest.mark.parametrize("releases", IN_A_ROW)
@pytest.mark.parametrize("rps", [0.5, 5.0, 50.0])
def test_healthy_releases_in_a_row_are_left_alone(rps: float, releases: int) -> None:
    world = World(rps=rps, base=0.01, seed=round(rps * 10)).settled()
    for number in range(1, releases + 1):
        world.deploy(f"v1.0.{number}")
        world.run(640, step=5.0)
        case = world.newest()
        assert case is not None
        assert (case.phase, case.spec.revision.tag) == (Phase.HEALTHY, f"v1.0.{number}"), case.status.reason
    assert world.numbers() == releases + 1
    assert len(world.sink.deliveries) == 0
