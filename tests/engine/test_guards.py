"""Guards in whole stories: what keeps the daemon still, how that ends, and what an approval may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.guards.pause import PAUSE
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.ports import Unavailable
from tests.engine.killing import writes_during
from tests.engine.test_configuration import broken
from tests.engine.world import POLICY, REF, World
from tests.simulation.troubles import Killed

BAD = "v1.1.0-errors"
ENDS = (Phase.HELD, Phase.ROLLED_BACK, Phase.UNRECOVERED)


def bad_release(policy: Policy = POLICY) -> World:
    world = World(rps=50.0, errors={BAD: 0.3}, policy=policy).settled()
    world.deploy(BAD)
    return world


def rollbacks(case: Case) -> list[EffectOutcome | None]:
    return [effect.outcome for effect in case.status.effects if effect.kind == "rollback"]


def test_an_emergency_stop_holds_and_stays_until_a_person_approves() -> None:
    world = bad_release()
    world.cluster.annotate(REF, STOP, "restoring the database")
    case = world.run_until(*ENDS, within=300)
    assert case.phase is Phase.HELD
    assert "restoring the database (guard emergency-stop, until" in case.status.reason
    assert case.status.refusal is not None
    world.cluster.annotate(REF, STOP, None)
    world.run(60)
    assert (world.tag(), rollbacks(case)) == (BAD, []), "taking the stop off is not yet a word to act"
    world.instruct(case, "approve")
    assert world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300).phase is Phase.ROLLED_BACK


def test_an_emergency_stop_refuses_what_was_approved() -> None:
    world = bad_release()
    world.cluster.annotate(REF, STOP, "no")
    case = world.run_until(Phase.HELD, within=300)
    world.instruct(case, "approve")
    world.run(5)
    case = world.run_until(*ENDS, within=60)
    assert (case.phase, rollbacks(case), world.tag()) == (Phase.HELD, [EffectOutcome.REFUSED], BAD)
    assert "the rollback was refused: the emergency stop is set" in case.status.reason


def test_an_emergency_stop_that_no_watch_has_shown_yet_stops_the_act() -> None:
    world = bad_release()
    world.cluster.undos.fail_next(3, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.freeze_watches(True)
    world.cluster.annotate(REF, STOP, "stop")
    case = world.run_until(*ENDS, within=300)
    world.cluster.freeze_watches(False)
    assert (case.phase, world.tag()) == (Phase.HELD, BAD)
    assert rollbacks(case) == [EffectOutcome.REFUSED]


def test_in_the_middle_of_a_plan_it_ends_the_plan_and_says_what_was_done() -> None:
    world = broken(ConfigurationChoice.RESTORE)
    world.cluster.undos.fail_next(2, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.annotate(REF, STOP, "hands off")
    case = world.run_until(*ENDS, within=300)
    outcomes = [effect.outcome for effect in case.steps]
    assert case.phase is Phase.HELD
    assert outcomes == [EffectOutcome.DONE, EffectOutcome.REFUSED, EffectOutcome.SUPERSEDED]
    assert "hands off" in case.status.reason
    assert "half-done: restoring ConfigMap gl-006-heatreclaim-config was done" in case.status.reason


def test_between_the_rollback_and_the_restart_it_stays_held() -> None:
    world = broken(ConfigurationChoice.RESTORE)
    world.cluster.restarts.fail_next(2, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    while (case := world.newest()) is not None and case.status.patched_at is None:
        world.run(0.1, step=0.1)
    world.cluster.annotate(REF, STOP, "hands off")
    case = world.run_until(*ENDS, within=300)
    world.run(60)
    held = world.newest()
    assert held is not None
    assert (case.phase, held.phase, held.name) == (Phase.HELD, Phase.HELD, case.name)
    assert "the rollback was done, the restart was not" in case.status.reason
    world.cluster.annotate(REF, STOP, None)
    world.instruct(held, "approve")
    assert world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600).name == case.name


def test_a_step_that_leaves_no_token_is_stopped_as_well() -> None:
    world = broken(ConfigurationChoice.RESTORE)
    world.configuration.restores.fail_next(2, Unavailable("connection reset"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.annotate(REF, STOP, "hands off")
    case = world.run_until(*ENDS, within=300)
    assert (case.phase, world.configuration.restored) == (Phase.HELD, 0)
    assert "whether an earlier try of it was carried out is not known" in case.status.reason


def test_a_pause_leaves_it_to_people_and_an_approval_goes() -> None:
    world = bad_release()
    world.cluster.annotate(REF, PAUSE, "true")
    case = world.run_until(*ENDS, within=300)
    assert case.phase is Phase.HELD
    assert "guard pause" in case.status.reason
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.ROLLED_BACK
    assert any("approved by anna although" in entry.text for entry in case.status.timeline)
    assert case.status.refusal is None


def test_when_the_pause_is_over_it_is_decided_anew() -> None:
    world = bad_release()
    until = world.clock.now() + timedelta(seconds=200)
    world.cluster.annotate(REF, PAUSE, f"until {until.isoformat()}")
    world.run_until(Phase.HELD, within=150)
    world.run(30)
    assert world.tag() == BAD
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=400)
    assert case.phase is Phase.ROLLED_BACK
    assert any("guard pause refuses no longer" in entry.text for entry in case.status.timeline)


def test_a_daemon_that_starts_anew_knows_what_it_waits_for() -> None:
    world = bad_release()
    world.cluster.annotate(REF, PAUSE, "true")
    world.run_until(Phase.HELD, within=300)
    world.restart()
    world.run(30)
    assert (world.newest().phase, world.tag()) == (Phase.HELD, BAD)  # type: ignore[union-attr]
    world.cluster.annotate(REF, PAUSE, None)
    assert world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300).phase is Phase.ROLLED_BACK


def stopped_amid(world: World) -> Case:
    """The rollback waits, and meanwhile somebody stops it."""
    world.cluster.undos.fail_next(2, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.annotate(REF, STOP, "hands off")
    return world.run_until(*ENDS, within=300)


def writes_until_it_is_stopped() -> int:
    world = broken(ConfigurationChoice.RESTORE)
    return writes_during(world, lambda: stopped_amid(world))


@pytest.mark.parametrize("write", range(4, writes_until_it_is_stopped() + 1))
def test_killed_at_a_write_it_is_stopped_all_the_same(write: int) -> None:
    world = broken(ConfigurationChoice.RESTORE)
    world.store.writes.crash_after(write, made=True)
    with pytest.raises(Killed):
        stopped_amid(world)
    world.kill()
    world.cluster.annotate(REF, STOP, "hands off")
    world.run(7)
    world.start()
    case = world.run_until(*ENDS, within=300)
    world.run(30)
    assert (case.phase, world.numbers()) == (Phase.HELD, 2), "no template was put back"
    assert EffectOutcome.DONE not in rollbacks(case)


def test_a_pause_that_cannot_be_read_holds() -> None:
    world = bad_release()
    world.cluster.annotate(REF, PAUSE, "until tomorrow")
    case = world.run_until(*ENDS, within=300)
    assert case.phase is Phase.HELD
    assert "which does not say until when" in case.status.reason


def test_a_pause_that_outlasts_the_watch_ends_held() -> None:
    world = bad_release(replace(POLICY, watch=60.0))
    world.cluster.annotate(REF, PAUSE, "true")
    world.run_until(Phase.HELD, within=300)
    world.run(120)
    world.cluster.annotate(REF, PAUSE, None)
    world.run(60)
    case = world.newest()
    assert case is not None
    assert (case.phase, world.tag()) == (Phase.HELD, BAD)
    assert "the watch is over, still held" in case.status.timeline[-1].text


def test_a_cooldown_holds_the_next_rollback_and_ends() -> None:
    world = bad_release(replace(POLICY, cooldown=400.0))
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.deploy(BAD)
    world.run(5)
    case = world.run_until(*ENDS, within=200)
    assert case.phase is Phase.HELD
    assert "policy.cooldown is 400 s (guard cooldown, until" in case.status.reason
    assert world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600).phase is Phase.ROLLED_BACK


FROZEN = replace(POLICY, freezes=("weekend",))


def test_a_freeze_holds_until_its_end_and_then_it_is_decided_anew() -> None:
    world = bad_release(FROZEN)
    now = world.clock.now()
    world.calendar.add("weekend", now - timedelta(hours=1), now + timedelta(seconds=250))
    case = world.run_until(*ENDS, within=200)
    assert case.phase is Phase.HELD
    assert "held, the freeze weekend is on (guard freeze, until " in case.status.reason
    world.run(30)
    assert world.tag() == BAD
    assert world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600).phase is Phase.ROLLED_BACK


def test_in_a_freeze_an_approval_goes_and_says_so() -> None:
    world = bad_release(FROZEN)
    now = world.clock.now()
    world.calendar.add("weekend", now, now + timedelta(days=2))
    case = world.run_until(Phase.HELD, within=300)
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.ROLLED_BACK
    said = [entry.text for entry in case.status.timeline if "approved by anna" in entry.text]
    assert "although the freeze weekend is on" in said[0]


def test_a_freeze_of_other_workloads_is_none() -> None:
    world = bad_release(replace(POLICY, freezes=()))
    now = world.clock.now()
    world.calendar.add("weekend", now, now + timedelta(days=2))
    assert world.run_until(Phase.ROLLED_BACK, Phase.HELD, within=300).phase is Phase.ROLLED_BACK


def test_a_freeze_that_follows_a_pause_is_named_in_its_turn() -> None:
    world = bad_release(FROZEN)
    now = world.clock.now()
    world.calendar.add("weekend", now, now + timedelta(days=2))
    world.cluster.annotate(REF, PAUSE, "true")
    case = world.run_until(Phase.HELD, within=300)
    assert "guard pause" in case.status.reason
    world.cluster.annotate(REF, PAUSE, None)
    world.run(10)
    found = world.newest()
    assert found is not None
    assert "guard freeze" in found.status.reason
    assert (found.phase, world.tag()) == (Phase.HELD, BAD)


def test_a_hold_by_a_person_outlasts_every_guard() -> None:
    world = bad_release()
    world.cluster.annotate(REF, PAUSE, "true")
    case = world.run_until(Phase.HELD, within=300)
    world.instruct(case, "hold")
    world.run(5)
    world.cluster.annotate(REF, PAUSE, None)
    world.run(120)
    assert world.tag() == BAD
