"""One owner suspended and the other set back in Git, on a person's word: in order, once, killed anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import OwnerChoice, OwnerKind, OwnerPolicy
from daemon.core.rollout_facts.owners import Owner
from daemon.ports import Denied, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_overlays import start
from tests.engine.test_owners import acts
from tests.engine.world import IMAGE, REF, World
from tests.simulation.troubles import Troubles

HELM = Owner(kind=OwnerKind.FLUX_HELM_RELEASE, name="heat", namespace="flux-system")
DONE, REFUSED = EffectOutcome.DONE, EffectOutcome.REFUSED
ALL = [("suspend-owner", DONE), ("set-back-in-git", DONE), ("rollback", DONE)]


def held() -> World:
    """A HelmRelease and a Kustomization both write the Deployment, and which of them heals is not known."""
    world = start()
    world.policy = replace(
        world.policy,
        owners=OwnerPolicy(
            flux_kustomization=OwnerChoice.GIT, flux_helmrelease=OwnerChoice.SUSPEND, overlay="production"
        ),
    )
    world.cluster.label(REF, "helm.toolkit.fluxcd.io/name", HELM.name)
    world.cluster.label(REF, "helm.toolkit.fluxcd.io/namespace", HELM.namespace)
    world.owners.add(HELM, REF, f"{IMAGE}:v1.1.0", interval=3.0)
    world.run_until(Phase.HELD, within=300)
    return world


def approved(world: World) -> Case:
    """To the end, with a person's word where it is still wanting."""
    case = world.newest()
    assert case is not None
    if case.phase is Phase.HELD and case.status.last_instruction is None:
        world.instruct(case, "approve")
        world.run(1)
    return world.run_until(Phase.ROLLED_BACK, within=400)


def each_once(world: World, case: Case) -> None:
    assert acts(case) == ALL
    assert (world.owners.suspensions, len(world.overlays.commits)) == (1, 1)
    assert world.overlays.overlays["production"] == (f"{IMAGE}:v1.0.0",)
    suspended = [state.owner.name for state in world.owners.owners.values() if state.suspended]
    assert suspended == [HELM.name]
    assert "Flux HelmRelease flux-system/heat stays suspended" in case.status.reason
    assert world.tag() == "v1.0.0"


def test_two_owners_are_left_to_people_and_an_approval_sees_to_both() -> None:
    world = held()
    case = world.newest()
    assert case is not None
    assert "which of them puts the release back cannot be told" in case.status.reason
    each_once(world, approved(world))
    world.run(60)
    assert world.tag() == "v1.0.0"


def test_where_git_refuses_the_owner_that_was_suspended_is_resumed() -> None:
    world = held()
    world.overlays.overlays["production"] = (f"{IMAGE}:v1.2.0",)
    case = world.newest()
    assert case is not None
    world.instruct(case, "approve")
    world.run(20)
    case = world.store.get(case.namespace, case.name)
    assert acts(case) == [
        ("suspend-owner", DONE),
        ("set-back-in-git", REFUSED),
        ("rollback", EffectOutcome.SUPERSEDED),
        ("resume-owner", DONE),
    ]
    assert case.phase is Phase.HELD
    assert "stays suspended" not in case.status.reason
    assert not any(state.suspended for state in world.owners.owners.values())


def test_what_git_forbids_for_too_long_resumes_it_as_well() -> None:
    world = held()
    world.policy = replace(world.policy, rollback_deadline=90.0)
    world.overlays.committing.fail(Denied("the branch is protected"))
    case = world.newest()
    assert case is not None
    world.instruct(case, "approve")
    world.run(150, step=5)
    case = world.store.get(case.namespace, case.name)
    assert case.phase is Phase.HELD
    assert "the branch is protected" in case.status.reason
    assert acts(case)[-1] == ("resume-owner", DONE)
    assert not any(state.suspended for state in world.owners.owners.values())


WRITES = writes_during(world := held(), lambda: approved(world))


@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_killed_before_a_write(write: int) -> None:
    """What was done before it is found done; that nothing is left undone after one is shown for each step."""
    world = held()
    world.store.writes.crash_after(write, made=False)
    kill_during(world, lambda: approved(world), gap=2)
    each_once(world, approved(world))


STEPS: dict[str, Callable[[World], Troubles]] = {
    "suspend-owner": lambda world: world.owners.suspending,
    "set-back-in-git": lambda world: world.overlays.committing,
    "rollback": lambda world: world.cluster.undos,
}


@pytest.mark.parametrize("made", [True, False], ids=["after the act", "before the act"])
@pytest.mark.parametrize("kind", STEPS)
def test_killed_at_a_step(kind: str, made: bool) -> None:
    world = held()
    STEPS[kind](world).crash_after(1, made=made)
    kill_during(world, lambda: approved(world), gap=2)
    each_once(world, approved(world))


@pytest.mark.parametrize("made", [True, False], ids=["answer lost", "not made"])
@pytest.mark.parametrize("kind", STEPS)
def test_an_answer_that_does_not_come_is_no_second_step(kind: str, made: bool) -> None:
    world = held()
    STEPS[kind](world).fail_next(2, Unavailable("connection reset"), made=made)
    each_once(world, approved(world))
