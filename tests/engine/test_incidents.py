"""Failures that have another cause than the release, as the surroundings tell, and those that have not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from daemon.core.assessment import Attribution
from daemon.core.case.case import Case, Phase
from daemon.ports import Denied, Unavailable
from tests.engine.world import POLICY, REF, World, traffic

AROUND = msgspec.structs.replace(POLICY, dependencies=("scada",), neighbours=("postgresql",))
BAD = "v1.1.0"


def released() -> World:
    """A release that was complete two minutes ago, and has done well since."""
    world = World(rps=20.0, policy=AROUND).settled()
    world.surroundings.neighbour("greenlang", "postgresql", ready=1, pods=["postgresql-0"])
    world.deploy("v1.0.1")
    world.run_until(Phase.WATCHING, within=120)
    world.run(120)
    return world


def everything_fails(world: World) -> Case:
    """From now on half of all requests fail, whichever pod they reach."""
    world.metrics.serve(REF, traffic(20.0, base=0.5))
    return world.run_until(Phase.HELD, Phase.ROLLING_BACK, Phase.VERIFYING, within=300)


def cause(case: Case) -> tuple[Attribution, str]:
    assert case.status.assessment is not None
    return case.status.assessment.attribution, case.status.assessment.attribution_reason


def test_with_nothing_wrong_around_it_a_late_failure_is_laid_to_the_release() -> None:
    case = everything_fails(released())
    assert cause(case)[0] is Attribution.DEPLOYMENT
    assert case.phase is not Phase.HELD


def test_a_database_that_is_down_is_no_reason_to_roll_back() -> None:
    world = released()
    world.surroundings.neighbour("greenlang", "postgresql", ready=0, pods=["postgresql-0"])
    case = everything_fails(world)
    assert case.phase is Phase.HELD
    assert cause(case)[0] is Attribution.INFRASTRUCTURE
    assert "postgresql" in cause(case)[1]
    assert "0 of 1 pods ready" in cause(case)[1]


def test_a_link_that_an_exporter_sees_down_is_no_reason_to_roll_back() -> None:
    world = released()
    world.surroundings.export("scada")
    world.surroundings.down("scada")
    case = everything_fails(world)
    assert case.phase is Phase.HELD
    assert cause(case)[0] is Attribution.INFRASTRUCTURE
    assert "scada" in cause(case)[1]


def test_a_link_that_only_the_new_pods_see_down_is_left_to_a_person() -> None:
    world = released()
    world.surroundings.down("scada")
    case = everything_fails(world)
    assert case.phase is Phase.HELD
    assert cause(case)[0] is Attribution.UNDECIDED
    assert "no other to ask" in cause(case)[1]


def test_a_link_that_has_been_down_for_long_excuses_nothing() -> None:
    world = World(rps=20.0, policy=AROUND)
    world.surroundings.down("scada")
    world.settled(3000)
    world.deploy("v1.0.1")
    world.run_until(Phase.WATCHING, within=120)
    world.run(120)
    case = everything_fails(world)
    assert case.phase is not Phase.HELD
    assert cause(case)[0] is Attribution.DEPLOYMENT


def test_a_release_that_cannot_reach_what_others_reach_is_rolled_back() -> None:
    world = World(rps=20.0, errors={BAD: 0.6}, policy=AROUND).settled()
    world.surroundings.cut("scada", BAD)
    world.deploy(BAD)
    case = world.run_until(Phase.HELD, Phase.ROLLED_BACK, within=600)
    assert case.phase is Phase.ROLLED_BACK


def test_a_daemon_that_comes_too_late_for_the_old_pods_asks_what_they_said() -> None:
    world = World(rps=20.0, errors={BAD: 0.6}, policy=AROUND).settled()
    world.surroundings.cut("scada", BAD)
    world.deploy(BAD)
    world.run(2)
    world.kill()
    world.run(60)
    world.start()
    assert world.run_until(Phase.HELD, Phase.ROLLED_BACK, within=600).phase is Phase.ROLLED_BACK


BLINDNESS: dict[str, Callable[[World], None]] = {
    "gauges": lambda world: world.surroundings.fail("gauges", Unavailable("connection refused")),
    "neighbours": lambda world: world.surroundings.fail("neighbours", Unavailable("no watch")),
    "nodes": lambda world: world.surroundings.fail("nodes", Denied("nodes is forbidden")),
}


@pytest.mark.parametrize("what", BLINDNESS)
def test_what_is_not_known_neither_holds_nor_acts(what: str) -> None:
    world = released()
    BLINDNESS[what](world)
    assert everything_fails(world).phase is not Phase.HELD
    healthy = World(rps=20.0, policy=AROUND).settled()
    BLINDNESS[what](healthy)
    healthy.deploy("v1.0.1")
    assert healthy.run_until(Phase.HEALTHY, Phase.HELD, within=900).phase is Phase.HEALTHY
