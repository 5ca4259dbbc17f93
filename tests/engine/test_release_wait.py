"""What a pipeline that waits is answered, and that it is never answered for the release before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.model import Workload, WorkloadRef
from daemon.engine.release_wait import (
    Answer,
    ReleaseWait,
    WaitResult,
    Wanted,
    wait_for_case,
    wait_for_release,
)
from daemon.ports import Missing
from tests.engine.world import IMAGE, REF, World

GOOD, BAD = "v1.0.1", "v1.1.0-bad"


def waiting(world: World, said: list[str] | None = None, *, timeout: float = 1800.0) -> ReleaseWait:
    return ReleaseWait(
        cluster=world.cluster,
        store=world.store,
        clock=world.clock,
        sleep=world.run,
        say=(said if said is not None else []).append,
        timeout=timeout,
    )


def wait(world: World, **wanted: object) -> WaitResult:
    return wait_for_release(waiting(world), REF, Wanted(**wanted))  # type: ignore[arg-type]


def of(result: WaitResult) -> tuple[Answer, str]:
    assert result.case is not None, result.text
    return result.answer, result.case.spec.revision.tag


@pytest.mark.parametrize(("tag", "answer"), [(GOOD, Answer.HEALTHY), (BAD, Answer.BAD)])
def test_right_after_the_image_was_set_the_answer_is_the_new_releases(tag: str, answer: Answer) -> None:
    world, said = World(errors={BAD: 0.5}).settled(), list[str]()
    world.deploy(tag)

    result = wait_for_release(waiting(world, said), REF, Wanted())

    assert of(result) == (answer, tag)
    assert said[0] == f"waiting for the controller to see the newest change of {REF}"


def test_an_undo_is_a_release_of_its_own() -> None:
    """The ReplicaSet that it brings back had a number, and a case, that are another rollout's."""
    world = World().settled()
    world.deploy(GOOD)
    wait(world)
    world.deploy("v1.0.0")

    result = wait(world)

    assert of(result) == (Answer.HEALTHY, "v1.0.0")
    assert result.case is not None
    assert result.case.spec.revision.number == 3


class Lagging:
    """A view in which an undo is seen before what the controller made of it."""

    def __init__(self, world: World, **status: int) -> None:
        self._world = world
        self._status = status
        self.looks = 3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.cluster, name)

    def workload(self, ref: WorkloadRef) -> Workload | None:
        seen = self._world.cluster.workload(ref)
        if self.looks == 0 or seen is None or seen.current is None:
            return seen
        self.looks -= 1
        then = replace(seen.current, number=1)
        others = tuple(then if one.hash == then.hash else one for one in seen.revisions)
        revisions = (then,) if self._status else others
        status = replace(seen.status, **self._status)
        return replace(seen, current=then, revisions=revisions, status=status)


@pytest.mark.parametrize("status", [{}, {"observed_generation": 1}])
def test_a_number_that_is_not_yet_the_undos_names_no_case(status: dict[str, int]) -> None:
    world = World().settled()
    world.deploy(GOOD)
    wait(world)
    world.deploy("v1.0.0")
    world.run(5)
    tools, lagging = waiting(world), Lagging(world, **status)

    result = wait_for_release(dataclasses.replace(tools, cluster=lagging), REF, Wanted())

    assert lagging.looks == 0
    assert result.case is not None
    assert result.case.spec.revision.number == 3


def test_what_was_rolled_back_before_anybody_waited_is_known() -> None:
    world = World(errors={BAD: 0.5}).settled()
    world.deploy(BAD)
    world.run_until(Phase.ROLLED_BACK, within=600)

    assert of(wait(world)) == (Answer.BAD, BAD)
    assert of(wait(world, image=BAD)) == (Answer.BAD, BAD)
    assert of(wait(world, revision=2)) == (Answer.BAD, BAD)
    assert of(wait(world, image=f"{IMAGE}:v1.0.0")) == (Answer.HEALTHY, BAD)


def test_an_image_with_both_tag_and_digest_is_known_by_either() -> None:
    digest = f"sha256:{'a' * 64}"
    world = World().settled()
    world.deploy(f"{GOOD}@{digest}")

    for image in (GOOD, digest, f"{IMAGE}:{GOOD}", f"{IMAGE}:{GOOD}@{digest}"):
        result = wait(world, image=image)
        assert result.answer is Answer.HEALTHY, result.text
        assert result.case is not None
        assert result.case.spec.revision.number == 2


def test_what_is_still_to_be_released_is_waited_for() -> None:
    world = World().settled()
    ticks = 0

    def sleep(seconds: float) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 30:
            world.deploy(GOOD)
        world.run(seconds)

    tools = waiting(world)
    for wanted in (Wanted(image=GOOD), Wanted(revision=2)):
        result = wait_for_release(dataclasses.replace(tools, sleep=sleep), REF, wanted)
        assert of(result) == (Answer.HEALTHY, GOOD)


def test_a_release_that_nobody_guards_is_not_decided_in_time() -> None:
    world = World().settled()
    world.kill()
    world.deploy(GOOD)

    result = wait_for_release(waiting(world, timeout=60), REF, Wanted())

    assert result.answer is Answer.TIMEOUT
    assert "none was opened yet" in result.text


def test_a_release_that_another_one_overtook_is_no_success() -> None:
    world = World().settled()
    world.kill()
    world.deploy(GOOD)
    world.run(10)
    tools = waiting(world)

    def sleep(seconds: float) -> None:
        world.deploy("v1.0.2")
        world.run(seconds)

    result = wait_for_release(dataclasses.replace(tools, sleep=sleep), REF, Wanted())

    assert result.answer is Answer.BAD
    assert "was superseded by revision 3 (v1.0.2)" in result.text
    assert "no case of revision 2" in wait(world, revision=2).text


def test_an_adopted_release_is_healthy_once_its_rollout_is_complete() -> None:
    world = World()
    world.start()

    result = wait(world)

    assert result.answer is Answer.HEALTHY
    assert "(not proven)" in result.text
    workload = world.cluster.workload(REF)
    assert workload is not None
    assert workload.status.complete


def test_a_case_may_be_named() -> None:
    world = World().settled()
    world.deploy(GOOD)
    case = _opened(world, lambda case: case.spec.revision.tag == GOOD)

    assert wait_for_case(waiting(world), case).answer is Answer.HEALTHY


def test_no_such_deployment() -> None:
    with pytest.raises(Missing, match="Deployment greenlang/nobody does not exist"):
        wait_for_release(
            waiting(World().settled()), WorkloadRef(namespace="greenlang", name="nobody"), Wanted()
        )


def _opened(world: World, wanted: Callable[[Case], bool]) -> Case:
    while True:
        world.run(1)
        for case in world.store.cases():
            if wanted(case):
                return case
