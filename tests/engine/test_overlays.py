"""Git says what runs: it is set back first, once, and what somebody pushed since is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.runbook import runbook
from daemon.core.policy import OwnerChoice, OwnerPolicy
from daemon.ports import Denied, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_owners import FLUX, GROUP, acts
from tests.engine.world import IMAGE, POLICY, REF, World
from tests.simulation.troubles import Troubles

DONE = EffectOutcome.DONE
BOTH = [("set-back-in-git", DONE), ("rollback", DONE)]


def start(overlay: str = "production") -> World:
    """Flux applies each 30 s what the overlay says, and the overlay has just said what fails."""
    owners = OwnerPolicy(flux_kustomization=OwnerChoice.GIT, overlay=overlay)
    world = World(rps=50.0, errors={"v1.1.0": 0.3}, policy=replace(POLICY, owners=owners))
    world.cluster.label(REF, f"{GROUP}/name", FLUX.name)
    world.cluster.label(REF, f"{GROUP}/namespace", FLUX.namespace)
    world.owners.add(FLUX, REF, f"{IMAGE}:v1.0.0", interval=30.0)
    world.settled()
    world.overlays.push("production", f"{IMAGE}:v1.1.0")
    world.owners.add(FLUX, REF, f"{IMAGE}:v1.1.0", interval=30.0)
    return world


def each_once(world: World, case: Case) -> None:
    assert acts(case) == BOTH
    assert [name for name, _ in world.overlays.commits] == ["production"]
    assert world.overlays.overlays["production"] == (f"{IMAGE}:v1.0.0",)
    assert world.tag() == "v1.0.0"


def test_git_is_set_back_and_the_owner_agrees_with_the_rollback() -> None:
    world = start()
    each_once(world, world.run_until(Phase.ROLLED_BACK, within=400))
    world.run(300)
    assert world.tag() == "v1.0.0"
    assert len([c for c in world.store.cases() if c.phase is Phase.ROLLED_BACK]) == 1


def test_without_an_overlay_it_is_held_with_the_commands() -> None:
    world = start(overlay="")
    case = world.run_until(Phase.HELD, within=300)
    assert "the workload has no overlay" in case.status.reason
    commands = [command for line in runbook(case, world.policy) for command in line.commands]
    assert f"kustomize edit set image {IMAGE}={IMAGE}:v1.0.0" in commands


def test_a_release_that_was_pushed_since_is_left_and_the_rollback_held() -> None:
    world = start()
    world.overlays.overlays["production"] = (f"{IMAGE}:v1.2.0",)
    case = world.run_until(Phase.HELD, within=300)
    assert "somebody wrote it since" in case.status.reason
    assert acts(case) == [
        ("set-back-in-git", EffectOutcome.REFUSED),
        ("rollback", EffectOutcome.SUPERSEDED),
    ]
    assert world.tag() == "v1.1.0"


def test_what_git_forbids_is_said_at_once_and_held_in_the_end() -> None:
    world = start()
    world.overlays.committing.fail(Denied("the branch is protected"))
    case = world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(2)
    assert "the branch is protected" in world.store.get(case.namespace, case.name).status.reason
    case = world.run_until(Phase.HELD, within=900)
    assert "the branch is protected" in case.status.reason
    assert world.tag() == "v1.1.0"


def writes_of_the_story() -> int:
    world = start()
    return writes_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=400))


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    world = start()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=400), gap=7)
    each_once(world, world.run_until(Phase.ROLLED_BACK, within=600))


STEPS: dict[str, Callable[[World], Troubles]] = {
    "set-back-in-git": lambda world: world.overlays.committing,
    "rollback": lambda world: world.cluster.undos,
}


@pytest.mark.parametrize("made", [True, False], ids=["after the act", "before the act"])
@pytest.mark.parametrize("kind", STEPS)
def test_killed_at_a_step(kind: str, made: bool) -> None:
    world = start()
    STEPS[kind](world).crash_after(1, made=made)
    kill_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=400), gap=3)
    each_once(world, world.run_until(Phase.ROLLED_BACK, within=600))


@pytest.mark.parametrize("made", [True, False], ids=["answer lost", "not made"])
@pytest.mark.parametrize("kind", STEPS)
def test_an_answer_that_does_not_come_is_no_second_step(kind: str, made: bool) -> None:
    world = start()
    STEPS[kind](world).fail_next(2, Unavailable("connection reset"), made=made)
    each_once(world, world.run_until(Phase.ROLLED_BACK, within=600))
