"""Git is set back by people's merge: one request a plan, nothing before they decide, all of it said."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.incident import render
from daemon.ports import Denied, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_overlays import BOTH, start
from tests.engine.test_owners import acts
from tests.engine.world import IMAGE, REF, World

URL = "https://git.example/production/requests/1"
DONE = EffectOutcome.DONE


def proposed(before_merge: Literal["wait", "act"] = "wait") -> World:
    world = start()
    world.overlays.reviewed["production"] = before_merge
    return world


def waiting(world: World) -> Case:
    """The case that has opened its request, and waits."""
    case = world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(3)
    return world.store.get(case.namespace, case.name)


def merge(world: World) -> None:
    [branch] = world.overlays.requests
    world.overlays.merge(branch)


def merged(world: World) -> Case:
    waiting(world)
    world.run(30)
    merge(world)
    return world.run_until(Phase.ROLLED_BACK, within=400)


def once(world: World, case: Case) -> None:
    assert acts(case) == BOTH
    assert len(world.overlays.requests) == 1
    assert world.overlays.overlays["production"] == (f"{IMAGE}:v1.0.0",)
    assert world.tag() == "v1.0.0"
    assert "is open" not in case.status.reason


def test_nothing_is_done_until_people_have_merged_it_however_long_that_takes() -> None:
    world = proposed()
    world.policy = replace(world.policy, rollback_deadline=60.0)
    case = waiting(world)
    assert f"waits for people to merge {URL}" in case.status.reason
    said = render(case, world.policy, "updated", world.clock.now())
    assert said.title.endswith("ROLLBACK AWAITS A MERGE")
    assert f"Next Steps: merge {URL}" in said.message
    world.run(200, step=20)
    case = world.store.get(case.namespace, case.name)
    assert (case.phase, world.tag()) == (Phase.ROLLING_BACK, "v1.1.0")
    assert sum(URL in entry.text for entry in case.status.timeline) == 1
    assert world.daemon is not None
    assert not any("set-back-in-git" in where for where in world.daemon.views.problems()), "nothing is wrong"
    merge(world)
    once(world, world.run_until(Phase.ROLLED_BACK, within=400))


def test_a_request_that_is_closed_is_an_answer() -> None:
    world = proposed()
    waiting(world)
    for request in world.overlays.requests.values():
        request.state = "closed"
    case = world.run_until(Phase.HELD, within=60)
    assert f"{URL} was closed without a merge" in case.status.reason
    assert world.tag() == "v1.1.0"


def test_where_nobody_is_waited_for_the_request_stays_with_the_case() -> None:
    world = proposed("act")
    world.owners.owners.clear()
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    assert acts(case) == BOTH
    assert f"{URL} is open: until people merge one, Git has" in case.status.reason
    assert f"To be merged: {URL}" in render(case, world.policy, "closed", world.clock.now()).message
    assert world.tag() == "v1.0.0"


def test_an_owner_that_puts_it_back_before_the_merge_is_not_fought() -> None:
    world = proposed("act")
    world.run_until(Phase.ROLLED_BACK, Phase.HELD, within=400)
    world.run(200)
    [held] = [case for case in world.store.cases() if case.phase is Phase.HELD]
    assert "was put back by Flux Kustomization" in held.status.reason
    assert len(world.overlays.requests) == 1


def test_the_emergency_stop_ends_the_waiting_and_the_request_is_named() -> None:
    world = proposed()
    waiting(world)
    world.cluster.annotate(REF, STOP, "restoring the database")
    case = world.run_until(Phase.HELD, within=60)
    assert "restoring the database" in case.status.reason
    assert "is not known" not in case.status.reason
    assert f"{URL} is open" in case.status.reason
    merge(world)
    world.run(120)
    assert world.tag() == "v1.0.0", "what people merge is theirs"


def test_a_person_may_hold_it_meanwhile_and_an_approval_goes_on_with_the_same_request() -> None:
    world = proposed()
    world.instruct(waiting(world), "hold")
    case = world.run_until(Phase.HELD, within=30)
    assert case.status.reason.startswith("held by anna")
    assert f"{URL} is open" in case.status.reason
    world.instruct(case, "approve")
    world.run(5)
    assert f"waits for people to merge {URL}" in world.store.get(case.namespace, case.name).status.reason
    merge(world)
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    assert (len(world.overlays.requests), world.tag()) == (1, "v1.0.0")
    assert "is open" not in case.status.reason


def test_an_approval_after_a_request_was_closed_opens_another() -> None:
    world = proposed()
    waiting(world)
    for request in world.overlays.requests.values():
        request.state = "closed"
    world.instruct(world.run_until(Phase.HELD, within=60), "approve")
    world.run(5)
    assert [request.state for request in world.overlays.requests.values()] == ["closed", "open"]


def test_a_newer_release_ends_the_waiting_and_the_request_is_named() -> None:
    world = proposed()
    waiting(world)
    world.deploy("v1.2.0")
    world.run(10)
    [case] = [c for c in world.store.cases() if c.spec.revision.tag == "v1.1.0"]
    assert case.phase is Phase.SUPERSEDED
    assert f"{URL} is open" in case.status.reason


def test_what_somebody_pushed_while_it_waits_is_not_written_over() -> None:
    world = proposed()
    waiting(world)
    world.overlays.overlays["production"] = (f"{IMAGE}:v1.2.0",)
    case = world.run_until(Phase.HELD, within=60)
    assert "somebody wrote it since" in case.status.reason
    assert f"{URL} is open" in case.status.reason


def test_it_is_said_again_that_it_waits_after_the_service_refused() -> None:
    world = proposed()
    case = waiting(world)
    world.overlays.committing.fail_next(1, Denied("GitLab answered 401"))
    world.run(25)
    assert "GitLab answered 401" in world.store.get(case.namespace, case.name).status.reason
    world.run(90)
    assert f"waits for people to merge {URL}" in world.store.get(case.namespace, case.name).status.reason


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_during(world := proposed(), lambda: merged(world)) + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    world = proposed()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: merged(world), gap=7)
    finish(world)


@pytest.mark.parametrize("made", [True, False], ids=["opened", "not opened"])
def test_killed_while_the_request_is_opened(made: bool) -> None:
    world = proposed()
    world.overlays.committing.crash_after(1, made=made)
    kill_during(world, lambda: merged(world), gap=7)
    finish(world)


@pytest.mark.parametrize("made", [True, False], ids=["answer lost", "not made"])
def test_an_answer_that_does_not_come_opens_no_second_request(made: bool) -> None:
    world = proposed()
    world.overlays.committing.fail_next(2, Unavailable("connection reset"), made=made)
    waiting(world)
    world.run(10)
    finish(world)


def finish(world: World) -> None:
    for _ in range(60):
        if world.overlays.requests:
            break
        world.run(5)
    if any(request.state == "open" for request in world.overlays.requests.values()):
        merge(world)
    once(world, world.run_until(Phase.ROLLED_BACK, within=600))
