"""The emergency stop and the pause, as :class:`daemon.ports.Actuator` and the view promise them."""

from __future__ import annotations

from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.guards.pause import PAUSE
from daemon.ports import RollbackResult, Unavailable
from tests.contract.drivers import BETTER, GOOD, ClusterDriver
from tests.contract.looking import complete, seen
from tests.contract.test_actuator import TOKEN, released


def test_what_people_write_on_the_deployment_is_seen(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    complete(world, GOOD, 1)
    assert (seen(world).stop, seen(world).pause, world.actuator.stop(world.ref)) == (None, None, None)
    world.annotate(STOP, "")
    world.annotate(PAUSE, "true")
    assert world.actuator.stop(world.ref) == "", "read anew, and a reason may be empty"
    world.until("both in the view", lambda: (seen(world).stop, seen(world).pause) == ("", "true"))


def test_a_stop_refuses_an_undo_and_the_next_one_goes_when_it_is_off(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.annotate(STOP, "we are restoring the database")
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
    assert undone.outcome is EffectOutcome.REFUSED
    assert "we are restoring the database" in undone.detail
    complete(world, BETTER, 2)
    world.annotate(STOP, None)

    def again() -> RollbackResult | None:
        try:
            return world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
        except Unavailable:
            return None  # an annotation makes a new generation, which the controller has not seen yet

    made = world.until("the undo", again)
    assert (made.outcome, made.already) == (EffectOutcome.DONE, False)


def test_a_stop_refuses_a_restart_and_what_was_done_before_it_stays_done(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
    _, current = complete(world, GOOD, 3)
    world.annotate(STOP, "no more")
    again = world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    at, token = "2026-01-05T09:00:00.123456+00:00", "case/restart/1"
    restarted = world.actuator.restart_target(world.ref, uid, target=current, at=at, token=token)
    assert restarted.outcome is EffectOutcome.REFUSED
    complete(world, GOOD, 3)


def test_an_undo_keeps_the_pause_and_brings_no_old_stop_back(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    world.annotate(STOP, "of long ago")
    _, target = complete(world, GOOD, 1)
    world.annotate(STOP, None)
    world.set_tag(BETTER)
    workload, judged = complete(world, BETTER, 2)
    world.annotate(PAUSE, "true")

    def undone() -> RollbackResult | None:
        try:
            return world.actuator.undo(world.ref, workload.uid, judged=judged, target=target, token=TOKEN)
        except Unavailable:
            return None  # an annotation makes a new generation, which the controller has not seen yet

    assert world.until("the undo", undone).outcome is EffectOutcome.DONE
    complete(world, GOOD, 3)
    world.until("the token", lambda: seen(world).rollback_token == TOKEN)
    assert (seen(world).stop, seen(world).pause) == (None, "true")


def test_a_deployment_that_is_gone_has_no_stop(world: ClusterDriver) -> None:
    assert world.actuator.stop(world.ref) is None
