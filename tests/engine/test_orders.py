"""What people ask for at the page, done in their name and by the rules that the commands go by."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.deputies import MemoryDeputies
from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.images import AskedImage
from daemon.core.model import WorkloadRef
from daemon.core.policy import Mode
from daemon.engine.orders import TRIES, PeoplesOrders
from daemon.ports import Conflict, Identity, Missing, Person, PortError, Rejected
from tests.engine.bad_release import BAD, bad_release
from tests.engine.world import POLICY, REF, World

ANNA = Identity(Person(name="anna"), "annas")
PROXIED = Identity(Person(name="berta"))


def waiting() -> tuple[World, Case, PeoplesOrders, MemoryDeputies]:
    world = bad_release(policy=replace(POLICY, mode=Mode.APPROVAL))
    case = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    return world, case, *desk(world)


def desk(world: World) -> tuple[PeoplesOrders, MemoryDeputies]:
    deputies = MemoryDeputies(world.cluster, world.store)
    made = PeoplesOrders(cluster=world.cluster, store=world.store, deputies=deputies, clock=world.clock)
    return made, deputies


def order(world: World, action: str) -> Instruction:
    """With another name and time than are written."""
    return Instruction(action=action, by="carla", at=world.clock.now().replace(year=2001), reason="seen")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "vouching", "says"),
    [
        (ANNA, True, "approved by anna (seen)"),
        (ANNA, False, "approved by anna (unverified) (seen)"),
        (PROXIED, True, "approved by berta (by proxy) (seen)"),
    ],
)
def test_an_approval_is_in_the_name_of_who_asks_and_says_whether_that_is_proven(
    who: Identity, vouching: bool, says: str
) -> None:
    world, case, orders, deputies = waiting()
    world.store.vouching = vouching
    orders.instruct(case.namespace, case.name, order(world, "approve"), who)
    assert deputies.asked == [who]
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert any(entry.text.startswith(says) for entry in case.status.timeline)
    assert case.spec.instruction is not None
    assert case.spec.instruction.at.year != 2001


def test_the_daemons_own_writes_do_not_keep_a_person_from_instructing() -> None:
    world, case, orders, _ = waiting()
    world.store.writes.fail_next(TRIES - 1, Conflict("the daemon wrote"))
    orders.instruct(case.namespace, case.name, order(world, "hold"), ANNA)
    assert world.run_until(Phase.HELD, within=10).status.reason == "held by anna (seen)"
    world.store.writes.fail_next(TRIES, Conflict("somebody writes all the time"))
    with pytest.raises(Conflict):
        orders.instruct(case.namespace, case.name, order(world, "approve"), ANNA)


def test_what_comes_too_late_is_refused_in_the_words_of_the_commands() -> None:
    world = bad_release()
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    orders, _ = desk(world)
    for action, rule in (("approve", "awaits approval, is held or advised"), ("hold", "has not begun")):
        with pytest.raises(Conflict, match=f"{action}: .* is RolledBack: .*{rule}"):
            orders.instruct(case.namespace, case.name, order(world, action), ANNA)


def test_a_rollback_by_hand_returns_to_what_is_known_good_or_sets_an_image() -> None:
    world, _, orders, deputies = waiting()
    said = orders.roll_back(REF, ANNA, revision=None, unproven=False, images=())
    world.run(60)
    assert (world.tag(), deputies.asked) == ("v1.0.0", [ANNA])
    assert "revision 1 (v1.0.0)" in said
    orders.roll_back(REF, ANNA, revision=None, unproven=False, images=(AskedImage(version=BAD),))
    world.run(2)
    assert world.tag() == BAD


def test_a_pause_is_the_guards_and_ends() -> None:
    world = bad_release()
    orders, _ = desk(world)
    assert orders.pause(REF, "true", ANNA) == f"Deployment {REF} is paused (true) for the daemon"
    assert "paused for the daemon" in world.run_until(Phase.HELD, within=300).status.reason
    orders.pause(REF, None, ANNA)
    world.run_until(Phase.ROLLED_BACK, within=300)


ELSEWHERE = WorkloadRef(namespace="greenlang", name="nobodys")


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (
            lambda to: to.roll_back(ELSEWHERE, ANNA, revision=None, unproven=False, images=()),
            Missing,
            "is not guarded here",
        ),
        (lambda to: to.pause(ELSEWHERE, "true", ANNA), Missing, "is not guarded here"),
        (lambda to: to.pause(REF, "until Monday", ANNA), Rejected, "'until Monday' does not say until when"),
        (
            lambda to: to.roll_back(REF, ANNA, revision=99, unproven=False, images=()),
            Rejected,
            "revision 99",
        ),
        (
            lambda to: to.roll_back(REF, ANNA, revision=None, unproven=False, images=(), running=99),
            Conflict,
            "and not revision 99: look again",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    ask: Callable[[PeoplesOrders], str], error: type[PortError], says: str
) -> None:
    world = World().settled()
    orders, _ = desk(world)
    before = world.cluster.workload(REF)
    with pytest.raises(error, match=says):
        ask(orders)
    assert world.cluster.workload(REF) == before


def test_what_is_objected_to_the_case_that_is_written_over_is_not_done() -> None:
    """Each try looks at the case as it is then: what was decided meanwhile is seen."""
    world, case, orders, _ = waiting()
    seen: list[Case] = []

    def used(stored: Case, _: object) -> str:
        seen.append(stored)
        return "it was used" if stored.spec.instruction is not None else ""

    orders.instruct(case.namespace, case.name, order(world, "hold"), ANNA, used)
    with pytest.raises(Conflict, match="it was used"):
        orders.instruct(case.namespace, case.name, order(world, "approve"), ANNA, used)
    assert [one.spec.instruction is None for one in seen] == [True, False]
