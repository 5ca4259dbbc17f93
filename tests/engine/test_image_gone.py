"""A target whose image is gone from the registry: the next good revision, once, and never a claim."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.policy import ConfigurationChoice
from daemon.ports import Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_configuration import CONFIG, template
from tests.engine.world import POLICY, REF, World

BAD = "v1.2.0-errors"
GONE = Fault(kind=FaultKind.IMAGE_MISSING)
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, Phase.SUPERSEDED)


def released(world: World | None = None) -> World:
    """Two good revisions, v1.0.0 and v1.1.0, and a bad one that was deployed over them."""
    world = (world or World(rps=50.0, errors={BAD: 0.3}, policy=replace(POLICY, watch=60.0))).settled()
    world.deploy("v1.1.0")
    world.run(5)
    world.run_until(Phase.HEALTHY, within=900)
    world.deploy(BAD)
    world.run(2)
    return world


def ended(world: World, *gone: str) -> Case:
    for tag in gone:
        world.cluster.fault(tag, GONE)
    return world.run_until(*ENDS, within=900)


def patches(case: Case) -> list[str]:
    return [e.id for e in case.status.effects if e.kind == "rollback" and e.outcome is EffectOutcome.DONE]


def test_the_next_good_revision_is_returned_to() -> None:
    world = released()
    case = ended(world, "v1.1.0")
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0"), case.status.reason
    assert patches(case) == ["rollback/1", "rollback/2"]
    said = " ".join(entry.text for entry in case.status.timeline)
    assert "the image of revision 2 (v1.1.0) cannot be had (container gl-006-heatreclaim of pod" in said
    world.run(120)
    assert len(world.store.cases()) == 3, "neither rollback opens a case"


def test_it_is_done_once() -> None:
    world = released()
    case = ended(world, "v1.1.0", "v1.0.0")
    assert case.phase is Phase.UNRECOVERED
    assert "nor could the image of revision 4 (v1.1.0) before it be had" in case.status.reason
    assert patches(case) == ["rollback/1", "rollback/2"]


def test_with_no_other_revision_it_says_so() -> None:
    world = World(rps=50.0, errors={BAD: 0.3}).settled()
    world.deploy(BAD)
    case = ended(world, "v1.0.0")
    assert case.phase is Phase.UNRECOVERED
    assert "v1.0.0: not found" in case.status.reason
    assert "no revision besides revision 1 (v1.0.0) is known to be good" in case.status.reason


def test_a_pull_that_may_pass_is_waited_for() -> None:
    world = released()
    words = ("ErrImagePull", "failed to pull: registry.example.com: 503 Service Unavailable")
    world.cluster.fault("v1.1.0", Fault(kind=FaultKind.WAITS, after=20.0, words=words))
    case = world.run_until(*ENDS, within=900)
    assert (case.phase, world.tag(), patches(case)) == (Phase.ROLLED_BACK, "v1.1.0", ["rollback/1"])


def test_a_configuration_that_policy_does_not_restore_is_not_returned_to() -> None:
    policy = replace(POLICY, configuration=ConfigurationChoice.HOLD)
    made = World(template=template(), rps=50.0, errors={BAD: 0.3}, policy=policy)
    made.configuration.write(REF.namespace, CONFIG)
    made.run(30)
    world = made.settled()
    world.configuration.write(REF.namespace, CONFIG, value="newer")
    world.deploy("v1.1.0")
    world.run(5)
    world.run_until(Phase.HEALTHY, within=900)
    world.deploy(BAD)
    world.run(2)
    case = ended(world, "v1.1.0")
    assert case.phase is Phase.UNRECOVERED
    assert "revision 1 (v1.0.0) is not returned to: held, ConfigMap" in case.status.reason


def patched(world: World) -> None:
    """Turn the clock until the first rollback was written."""
    while (case := world.newest()) is not None and case.status.patched_at is None:
        world.run(1)


def test_somebody_who_deploys_meanwhile_takes_over() -> None:
    world = released()
    world.cluster.fault("v1.1.0", GONE)
    patched(world)
    world.cluster.undos.fail_next(9, Unavailable("the API server does not answer"))
    while (case := world.newest()) is not None and case.status.abandoned is None:
        world.run(1)
    world.deploy("v1.3.0")
    world.run(60)
    [case] = [c for c in world.store.cases() if c.spec.revision.tag == BAD]
    assert (case.phase, world.tag()) == (Phase.SUPERSEDED, "v1.3.0")


def test_an_emergency_stop_in_between_is_held_and_no_case_is_lost() -> None:
    world = released()
    world.cluster.fault("v1.1.0", GONE)
    patched(world)
    world.cluster.annotate(REF, STOP, "hands off")
    case = world.run_until(*ENDS, within=300)
    assert case.phase is Phase.HELD
    world.run(30)
    assert world.newest().phase is Phase.HELD  # type: ignore[union-attr]
    world.cluster.annotate(REF, STOP, None)
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0"), case.status.reason


def writes_of_the_story() -> int:
    world = released()
    world.cluster.fault("v1.1.0", GONE)
    return writes_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=600))


def once(world: World) -> None:
    case = world.run_until(Phase.ROLLED_BACK, within=900)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 5), "each of the two is one revision, and no more"
    assert patches(case) == ["rollback/1", "rollback/2"]
    assert len(world.store.cases()) == 3


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    killed(lambda world: world.store.writes.crash_after(write, made=made))


@pytest.mark.parametrize("made", [True, False], ids=["after the act", "before the act"])
@pytest.mark.parametrize("act", [1, 2])
def test_killed_at_a_patch(act: int, made: bool) -> None:
    killed(lambda world: world.cluster.undos.crash_after(act, made=made))


def killed(trap: Callable[[World], None]) -> None:
    world = released()
    world.cluster.fault("v1.1.0", GONE)
    trap(world)
    kill_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=600), gap=7)
    once(world)
