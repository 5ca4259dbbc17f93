"""A rollback by hand: which revision it picks, and that it follows the rollout to its end."""

from __future__ import annotations

import pytest

from daemon.core.case.case import EffectOutcome, Phase
from daemon.core.model import WorkloadRef
from daemon.engine.manual import ByHand, await_rollout, pick, roll_back_by_hand, settle, undo
from daemon.ports import Missing, Rejected, RollbackResult
from tests.engine.world import REF, World

BAD = "v1.1.0-bad"


def tools(world: World, said: list[str]) -> ByHand:
    return ByHand(
        cluster=world.cluster,
        actuator=world.cluster,
        health=world.health,
        clock=world.clock,
        sleep=world.clock.advance,
        say=said.append,
        paths=("/health",),
    )


def test_back_by_hand_to_the_known_good_one() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    hands = tools(world, said)
    workload = settle(hands, REF)
    goal, why = pick(workload, world.store.cases(), None)
    assert (goal.tag, "known from before" in why) == ("v1.0.0", True)
    assert undo(hands, workload, goal).outcome is EffectOutcome.DONE
    assert await_rollout(hands, REF, generation=workload.status.generation + 1)
    assert world.tag() == "v1.0.0"
    assert "all 3 health answers good" in said[-1]


def test_a_revision_that_failed_is_not_picked() -> None:
    world = World(errors={BAD: 0.5}).settled()
    world.deploy(BAD)
    world.run_until(Phase.ROLLED_BACK, within=300)
    with pytest.raises(Rejected, match="known bad"):
        pick(settle(tools(world, []), REF), world.store.cases(), None)
    assert pick(settle(tools(world, []), REF), world.store.cases(), 2)[0].tag == BAD


def test_an_unknown_revision_names_those_there_are() -> None:
    world = World().settled()
    with pytest.raises(Rejected, match=r"no revision 9; there are: revision 1 \(v1.0.0\)"):
        pick(settle(tools(world, []), REF), (), 9)


def test_an_unknown_workload_says_so() -> None:
    with pytest.raises(Missing, match="kubectl get deployments"):
        settle(tools(World().settled(), []), WorkloadRef(namespace="greenlang", name="nobody"))


def test_pods_that_do_not_answer_are_no_success() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    world.health.break_path("/health", "v1.0.0", "HTTP 500")
    hands = tools(world, said)
    workload = settle(hands, REF)
    goal, _ = pick(workload, world.store.cases(), 1)
    undo(hands, workload, goal)
    assert not await_rollout(hands, REF, generation=workload.status.generation + 1)
    assert any("HTTP 500" in line for line in said)


def test_the_whole_of_it_returns_to_the_good_revision_and_follows_it() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    assert roll_back_by_hand(
        tools(world, said), REF, cases=world.store.cases, to_revision=None, set_image=None, dry_run=False
    )
    assert world.tag() == "v1.0.0"
    assert said[0].startswith(f"{REF} runs ")
    assert said[1].startswith("returning to ")


@pytest.mark.parametrize(("outcome", "well"), [(EffectOutcome.DONE, True), (EffectOutcome.REFUSED, False)])
def test_a_dry_run_follows_nothing_and_a_refusal_is_no_success(outcome: EffectOutcome, well: bool) -> None:
    world, said = World().settled(), list[str]()
    before = world.clock.monotonic()
    assert well is roll_back_by_hand(
        tools(world, said),
        REF,
        cases=tuple,
        to_revision=None,
        set_image=lambda: RollbackResult(outcome=outcome, detail="the image was set"),
        dry_run=True,
    )
    assert "the image was set" in said
    assert any("nothing was changed" in line for line in said) is well
    assert world.clock.monotonic() == before
