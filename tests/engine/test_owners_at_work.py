"""An owner that is at work when it is suspended: what it had begun is waited for, and undoes nothing."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import OwnerChoice
from daemon.core.rollout_facts.owners import Owner
from daemon.ports import Denied, PortError, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_owners import ARGO, FLUX, acts, owned, rollbacks
from tests.engine.world import REF, World

DONE = EffectOutcome.DONE
TAKES = 30.0
"""Seconds that a reconcile takes."""


def at_work(owner: Owner = FLUX, *, takes: float = TAKES) -> World:
    """An owner that is at work whenever it is looked at, for one reconcile follows the other."""
    world = owned(owner, OwnerChoice.SUSPEND)
    [state] = world.owners.owners.values()
    state.takes = takes
    return world


def told(case: Case) -> list[str]:
    return [entry.text for entry in case.status.timeline]


def play(world: World) -> Case:
    return world.run_until(Phase.ROLLED_BACK, within=600)


def stands(world: World, case: Case) -> None:
    """The rollback was carried out once, and nobody undid it."""
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert acts(case) == [("suspend-owner", DONE), ("rollback", DONE)]
    world.run(3 * TAKES)
    assert (world.tag(), rollbacks(world), world.owners.suspensions) == ("v1.0.0", 1, 1)
    assert [c.spec.revision.tag for c in world.store.cases()].count("v1.1.0") == 1, "nothing came back"


@pytest.mark.parametrize("owner", [FLUX, ARGO], ids=["flux", "argo cd"])
def test_what_it_had_begun_ends_before_the_template_is_put_back(owner: Owner) -> None:
    world = at_work(owner)
    case = world.run_until(Phase.ROLLED_BACK, within=500)
    assert sum("to end what it had begun when it was suspended" in text for text in told(case)) == 1
    stands(world, case)


def test_while_it_waits_the_case_says_so() -> None:
    world = at_work()
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(2)
    case = world.newest()
    assert case is not None
    assert case.status.reason.startswith("waits for Flux Kustomization flux-system/apps to end")
    assert world.tag() == "v1.1.0"


def test_what_never_ends_is_waited_for_a_minute_and_said() -> None:
    """A controller that was killed leaves its mark for ever, for nobody works on what is suspended."""
    world = at_work(takes=math.inf)
    case = world.run_until(Phase.ROLLED_BACK, within=500)
    assert any("may put" in text and "is still under way" in text for text in told(case))
    stands(world, case)


@pytest.mark.parametrize("error", [Denied("owners are forbidden"), Unavailable("no answer")], ids=str)
def test_what_cannot_be_seen_holds_nothing_for_ever(error: PortError) -> None:
    world = at_work(takes=math.inf)
    world.policy = replace(world.policy, rollback_deadline=90.0)
    world.owners.looking.fail(error)
    case = world.run_until(Phase.ROLLED_BACK, within=500)
    assert "waiting for Flux Kustomization flux-system/apps was not done" in case.status.reason
    stands(world, case)


def test_the_emergency_stop_ends_the_wait_and_nothing_is_done_any_more() -> None:
    world = at_work(takes=math.inf)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(5)
    world.cluster.annotate(REF, "rollbackd.io/stop", "we look at it ourselves")
    case = world.run_until(Phase.HELD, within=60)
    world.run(3)
    case = world.store.get(case.namespace, case.name)
    assert "we look at it ourselves" in case.status.reason
    assert acts(case) == [
        ("suspend-owner", DONE),
        ("rollback", EffectOutcome.REFUSED),
        ("resume-owner", EffectOutcome.REFUSED),
    ]
    assert "stays suspended" in case.status.reason
    assert "whether an earlier try" not in case.status.reason, "it only looks"
    assert world.tag() == "v1.1.0"


def test_a_newer_release_ends_the_wait_and_the_owner_goes_on() -> None:
    world = at_work(takes=math.inf)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(5)
    world.deploy("v1.2.0")
    world.run(10)
    [case] = [c for c in world.store.cases() if c.spec.revision.tag == "v1.1.0"]
    assert case.phase is Phase.SUPERSEDED, case.status.reason
    assert acts(case)[-1] == ("resume-owner", DONE)
    [state] = world.owners.owners.values()
    assert not state.suspended


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_neither_ends_the_wait_nor_draws_it_out(seconds: float) -> None:
    world = at_work()
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(2)
    world.machine.jump(seconds)
    stands(world, play(world))


def test_an_owner_that_is_deleted_meanwhile_is_not_waited_for() -> None:
    world = at_work(takes=math.inf)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(2)
    world.owners.owners.clear()
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert any("is not there any more" in text for text in told(case))


# ------------------------------------------------------------ killed


WRITES = writes_during(world := at_work(), lambda: play(world))
LOOKS = world.owners.looking.calls


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    world = at_work()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: play(world), gap=7)
    stands(world, play(world))


@pytest.mark.parametrize("look", range(1, LOOKS + 1))
def test_killed_at_a_look(look: int) -> None:
    world = at_work()
    world.owners.looking.crash_after(look)
    kill_during(world, lambda: play(world), gap=7)
    stands(world, play(world))


def test_an_answer_that_does_not_come_is_asked_for_again() -> None:
    world = at_work()
    world.owners.looking.fail_next(3, Unavailable("connection reset"))
    stands(world, play(world))
