"""A failure that passes by itself while it is held, and an approval that does not come."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.runner import Program
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.pause import PAUSE
from daemon.core.policy import Mode, Policy, Unapproved
from daemon.core.runs import FeatureFlag, HttpCall
from daemon.ports import Rejected
from tests.engine.world import POLICY, REF, World

BAD = "v1.1.0-errors"
APPROVAL = replace(POLICY, mode=Mode.APPROVAL)


def failed(policy: Policy, *, pause: bool = False) -> World:
    world = World(rps=50.0, errors={BAD: 0.3}, policy=policy).settled()
    if pause:
        world.cluster.annotate(REF, PAUSE, "true")
    world.deploy(BAD)
    world.run_until(Phase.HELD, Phase.AWAITING_APPROVAL, within=300)
    return world


def newest(world: World) -> Case:
    case = world.newest()
    assert case is not None
    return case


def stages(world: World) -> list[str]:
    return [e.stage for e in newest(world).status.effects if e.kind == "publish"]


def test_what_passes_by_itself_is_watched_anew_and_no_recovery_is_claimed() -> None:
    world = failed(POLICY, pause=True)
    world.errors[BAD] = 0.0
    case = world.run_until(Phase.WATCHING, within=400)
    assert "the failure has passed by itself, nothing was done; watched anew" in case.status.reason
    begun = world.clock.monotonic()
    case = world.run_until(Phase.HEALTHY, Phase.ROLLED_BACK, within=900)
    assert case.phase is Phase.HEALTHY
    assert world.clock.monotonic() - begun >= POLICY.watch, "a whole watch, and not what was left of one"
    assert not case.status.proven
    assert (case.steps, world.tag()) == ((), BAD)
    texts = " ".join(entry.text for entry in case.status.timeline)
    assert "recovered" not in texts
    assert "ROLLBACK" not in world.sink.incidents[case.uid].title


def test_what_passes_after_half_a_plan_is_not_said_to_have_passed_by_itself() -> None:
    flag = FeatureFlag(name="new-solver", task=HttpCall(url="http://flags.ops/", method="PUT"))
    world = World(rps=50.0, errors={BAD: 0.3}, policy=replace(POLICY, feature_flags=(flag,))).settled()
    world.runners["http"].programs = {"http://flags.ops/": Program(code=200)}
    world.cluster.undos.fail(Rejected("the template is not accepted"))
    world.deploy(BAD)
    world.run_until(Phase.HELD, within=300)
    world.errors[BAD] = 0.0

    case = world.run_until(Phase.WATCHING, within=400)

    passed = "the failure has passed after switching feature flag new-solver off; watched anew"
    assert passed in case.status.reason


def test_what_fails_again_is_decided_again() -> None:
    world = failed(POLICY, pause=True)
    world.errors[BAD] = 0.0
    world.run_until(Phase.WATCHING, within=400)
    world.cluster.annotate(REF, PAUSE, None)
    world.errors[BAD] = 0.5
    case = world.run_until(Phase.ROLLED_BACK, Phase.HEALTHY, Phase.UNRECOVERED, within=600)
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0")


def test_a_release_that_failed_by_its_own_doing_is_not_returned_to() -> None:
    world = failed(POLICY, pause=True)
    world.errors[BAD] = 0.0
    world.run_until(Phase.WATCHING, within=400)
    world.run_until(Phase.HEALTHY, within=900)
    world.cluster.annotate(REF, PAUSE, None)
    world.errors["v1.2.0-errors"] = 0.3
    world.deploy("v1.2.0-errors")
    world.run(5)
    case = world.run_until(Phase.ROLLED_BACK, Phase.HELD, Phase.UNRECOVERED, within=300)
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0")


def test_a_person_who_holds_is_not_overruled_by_calm() -> None:
    world = failed(POLICY, pause=True)
    world.instruct(newest(world), "hold")
    world.run(5)
    world.errors[BAD] = 0.0
    world.run(300)
    assert newest(world).phase is Phase.HELD


def test_nobody_is_asked_for_an_approval_of_what_has_passed() -> None:
    world = failed(APPROVAL)
    case = newest(world)
    world.errors[BAD] = 0.0
    world.run_until(Phase.WATCHING, within=400)
    world.instruct(case, "approve")
    world.run(30)
    case = newest(world)
    assert (case.phase, world.tag()) == (Phase.WATCHING, BAD)
    assert any("needs no approval yet" in entry.text for entry in case.status.timeline)


@pytest.mark.parametrize(
    ("unapproved", "phase"), [(Unapproved.HOLD, Phase.HELD), (Unapproved.ADVISE, Phase.ADVISED)]
)
def test_an_approval_that_does_not_come_ends_in_what_policy_says_and_never_acts(
    unapproved: Unapproved, phase: Phase
) -> None:
    world = failed(replace(APPROVAL, approval_deadline=120.0, unapproved=unapproved))
    world.run(100)
    assert newest(world).phase is Phase.AWAITING_APPROVAL
    case = world.run_until(Phase.HELD, Phase.ADVISED, Phase.ROLLING_BACK, within=60)
    assert case.phase is phase
    assert "no approval came within 120 s" in case.status.reason
    assert stages(world)[-1] == "updated"
    world.run(900)
    assert (newest(world).phase, world.tag()) == (phase, BAD)
    world.instruct(newest(world), "approve")
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.ROLLED_BACK, "late, and still a person's word"
    assert [e.outcome for e in case.status.effects if e.kind == "rollback"] == [EffectOutcome.DONE]


def test_time_in_which_the_daemon_is_away_expires_nothing() -> None:
    world = failed(replace(APPROVAL, approval_deadline=120.0))
    world.kill()
    world.run(600)
    world.start()
    world.run(5)
    assert newest(world).phase is Phase.AWAITING_APPROVAL
