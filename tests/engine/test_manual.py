"""A rollback by hand: which revision it picks, and that it follows the rollout to its end."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.images import AskedImage
from daemon.core.model import Workload, WorkloadRef
from daemon.engine.manual import Asked, ByHand, await_rollout, pick, roll_back_by_hand, settle, undo
from daemon.ports import Missing, Rejected
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
    with pytest.raises(Rejected, match=r"revision 2 .* is not proven good, it failed: .*: add --unproven"):
        pick(settle(tools(world, []), REF), world.store.cases(), 2)
    asked, why = pick(settle(tools(world, []), REF), world.store.cases(), 2, unproven=True)
    assert (asked.tag, "though it is not proven good" in why) == (BAD, True)


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
    assert roll_back_by_hand(tools(world, said), REF, cases=world.store.cases, asked=Asked(), dry_run=False)
    assert world.tag() == "v1.0.0"
    assert said[0].startswith(f"{REF} runs ")
    assert said[1].startswith("returning to ")


class Late:
    """A view that shows what was there before for some looks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.looks = 0
        self._before: Workload | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.cluster, name)

    def scaled(self, question: str) -> bool:
        """While a person thinks about it, the Deployment gets another pod; that is seen, and then nothing."""
        self._world.cluster.scale(REF, 4)
        self._world.run(30)
        self._before, self.looks = self.workload(REF), 3
        assert self._before is not None
        assert self._before.status.complete
        return bool(question)

    def workload(self, ref: WorkloadRef) -> Workload | None:
        if self.looks:
            self.looks -= 1
            return self._before
        return self._world.cluster.workload(ref)


def test_what_was_complete_before_is_not_taken_for_the_rollback() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    view = Late(world)
    hands = dataclasses.replace(tools(world, said), cluster=view)

    done = roll_back_by_hand(
        hands, REF, cases=world.store.cases, asked=Asked(), dry_run=False, agrees=view.scaled
    )

    now = world.cluster.workload(REF)
    assert done
    assert now is not None
    assert (world.tag(), now.status.complete, now.status.generation) == ("v1.0.0", True, 4)


def test_another_release_over_it_is_no_success() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    hands = tools(world, said)

    others = ["v1.0.2"]

    def overtaken(seconds: float) -> None:
        while others:
            world.deploy(others.pop())
        world.clock.advance(seconds)

    hands = dataclasses.replace(hands, sleep=overtaken)
    assert not roll_back_by_hand(hands, REF, cases=world.store.cases, asked=Asked(), dry_run=False)
    assert "(v1.0.2) by now, and not revision 1 (v1.0.0)" in said[-1]


def test_a_dry_run_follows_nothing() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    before = world.clock.monotonic()
    assert roll_back_by_hand(tools(world, said), REF, cases=tuple, asked=Asked(), dry_run=True)
    assert any("nothing was changed" in line for line in said)
    assert world.clock.monotonic() == before


def by_image(world: World, said: list[str], *images: AskedImage) -> bool:
    return roll_back_by_hand(tools(world, said), REF, cases=tuple, asked=Asked(images=images), dry_run=False)


def test_an_image_is_set_back_and_nothing_else() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    world.cluster.annotate_template(REF, "checksum/config", "abc")
    world.run(30)
    assert by_image(world, said, AskedImage(version="v1.0.0"))
    assert (world.tag(), world.numbers()) == ("v1.0.0", 4)
    assert by_image(world, said, AskedImage(version="v1.0.0"))
    assert world.numbers() == 4
    assert any("nothing to do" in line for line in said)


def test_what_kubectl_refuses_is_refused() -> None:
    world, said = World().settled(), list[str]()
    with pytest.raises(Rejected, match="has no container 'nope': name one of gl-006-heatreclaim"):
        by_image(world, said, AskedImage(version="v1.0.0", container="nope"))
    world.cluster.pause(REF)
    assert not by_image(world, said, AskedImage(version="v0.9.0"))
    assert "is paused" in said[-1]


def test_the_emergency_stop_refuses_people_as_well() -> None:
    world, said = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)
    world.cluster.annotate(REF, STOP, "not now")
    assert not by_image(world, said, AskedImage(version="v1.0.0"))
    assert not roll_back_by_hand(tools(world, said), REF, cases=tuple, asked=Asked(), dry_run=False)
    assert ["not now" in line for line in said if "emergency stop" in line] == [True, True]
    assert world.tag() == "v1.0.1"


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (Asked(), f"Roll back {REF} from revision 2 (v1.0.1) to revision 1 (v1.0.0)?"),
        (Asked(images=(AskedImage(version="v1.0.0", container=""),)), "v1.0.0"),
    ],
)
def test_what_exactly_would_be_done_is_asked_first(asked: Asked, question: str) -> None:
    world, questions = World().settled(), list[str]()
    world.deploy("v1.0.1")
    world.run(30)

    def no(text: str) -> bool:
        questions.append(text)
        return False

    def by_hand(dry_run: bool) -> bool:
        return roll_back_by_hand(
            tools(world, []), REF, cases=world.store.cases, asked=asked, dry_run=dry_run, agrees=no
        )

    with pytest.raises(Rejected, match="not confirmed, nothing was done"):
        by_hand(dry_run=False)
    by_hand(dry_run=True)

    assert len(questions) == 1
    assert question in questions[0]
