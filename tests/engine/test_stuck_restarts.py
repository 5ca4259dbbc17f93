"""A stuck rollback is restarted once, where that may help, and then a person is called."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.ports import Denied, Rejected, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.world import POLICY, World

BAD = "v1.1.0-bad"
GOOD = "v1.0.0"
UNREADY = Fault(kind=FaultKind.UNREADY)
DONE = EffectOutcome.DONE


def world(*, restart: bool = True) -> World:
    """The bad release is about to be rolled back, and pods of the good one will not start."""
    made = World(
        errors={BAD: 0.5},
        rps=50.0,
        policy=replace(POLICY, restart_stuck=restart, rollback_deadline=120.0),
    ).settled()
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    return made


def steps(case: Case) -> list[tuple[str, EffectOutcome | None]]:
    return [(effect.id, effect.outcome) for effect in case.status.effects if effect.is_step]


def restarted(made: World) -> Case:
    """Until the restart is done."""
    for _ in range(400):
        case = made.newest()
        assert case is not None
        if any(effect.id == "restart/1/stuck" and effect.outcome for effect in case.status.effects):
            return case
        made.run(1)
    raise AssertionError("it was never restarted")


def test_that_it_is_restarted_is_told_with_the_reason() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    case = restarted(made)
    assert case.phase is Phase.ROLLING_BACK
    assert "is stuck, and is restarted once: " in case.status.reason
    assert "running but not ready" in case.status.reason
    assert "restarted once" in made.sink.deliveries[-1].reason


def test_pods_that_come_up_after_the_restart_are_a_recovery() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.run(30)
    # Those that are there hang; the next ones will not.
    made.cluster.fault(GOOD, None)
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == [("rollback/1", DONE), ("restart/1/stuck", DONE)]
    assert case.status.target is not None
    assert case.status.target.number == made.numbers() == 4
    assert [c.spec.revision.number for c in made.store.cases()] == [1, 2], "a restart of ours opens no case"
    assert case.status.reason.endswith("s after the decision, after one restart of a rollback that was stuck")


def test_one_restart_and_no_second_one() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert steps(case) == [("rollback/1", DONE), ("restart/1/stuck", DONE)]
    assert "running but not ready" in case.status.reason
    assert case.status.reason.endswith("one restart did not help")
    assert made.numbers() == 4


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (FaultKind.CRASH, "every pod ends with exit code 1"),
        (FaultKind.OOM, "every pod ends with exit code 137"),
        (FaultKind.IMAGE_MISSING, "an image cannot be pulled"),
        (FaultKind.CONFIG_ERROR, "a ConfigMap, a Secret or a key of one is missing"),
        (FaultKind.UNSCHEDULABLE, "no node takes"),
    ],
)
def test_what_the_next_pod_would_meet_again_is_not_restarted(fault: FaultKind, why: str) -> None:
    made = world()
    made.cluster.fault(GOOD, Fault(kind=fault))
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert steps(case) == [("rollback/1", DONE)]
    assert f"not restarted, for {why}" in case.status.reason
    assert made.cluster.restarts.calls == 0


def test_a_quota_is_not_restarted() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.cluster.accidents.refuse_pods(made.ref, "exceeded quota: pods, used: 4, limited: 4")
    made.run(60)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)
    assert "not restarted" in case.status.reason
    assert "quota" in case.status.reason


def test_policy_switches_it_off() -> None:
    made = world(restart=False)
    made.cluster.fault(GOOD, UNREADY)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)
    assert steps(case) == [("rollback/1", DONE)]
    assert "restart" not in case.status.reason


def test_a_release_meanwhile_supersedes_and_is_not_restarted() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.cluster.restarts.fail_next(3, Unavailable("the API server does not answer"))
    for _ in range(300):
        made.run(1)
        if made.cluster.restarts.calls:
            break
    made.deploy("v1.2.0")
    made.run(60)
    [case] = [c for c in made.store.cases() if c.spec.revision.number == 2]
    assert case.phase is Phase.SUPERSEDED
    assert made.tag() == "v1.2.0"
    assert made.numbers() == 4


def test_a_restart_that_is_never_allowed_calls_a_person() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.cluster.restarts.fail(Denied("deployments.apps is forbidden"))
    case = made.run_until(Phase.HELD, Phase.UNRECOVERED, Phase.SUPERSEDED, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert "running but not ready" in case.status.reason
    assert case.status.reason.endswith("it could not be restarted: deployments.apps is forbidden")


def test_a_restart_that_is_refused_calls_a_person_at_once() -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.cluster.restarts.fail(Rejected("the Deployment is invalid"))
    case = restarted(made)
    case = made.run_until(Phase.HELD, Phase.UNRECOVERED, Phase.SUPERSEDED, within=15)
    assert case.phase is Phase.UNRECOVERED
    assert case.status.reason.endswith("it could not be restarted: the Deployment is invalid")


def writes_of_the_story() -> int:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    return writes_during(made, lambda: made.run_until(Phase.UNRECOVERED, within=900))


@pytest.mark.parametrize("after", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_it_is_restarted_once(write: int, after: bool) -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.store.writes.crash_after(write, made=after)
    kill_during(made, lambda: made.run_until(Phase.UNRECOVERED, within=900), gap=7)
    case = made.run_until(Phase.UNRECOVERED, within=900)
    assert steps(case) == [("rollback/1", DONE), ("restart/1/stuck", DONE)]
    assert made.numbers() == 4
    assert len(made.store.cases()) == 2


@pytest.mark.parametrize("done", [True, False], ids=["after the act", "before the act"])
def test_killed_at_the_restart_it_is_restarted_once(done: bool) -> None:
    made = world()
    made.cluster.fault(GOOD, UNREADY)
    made.cluster.restarts.crash_after(1, made=done)
    kill_during(made, lambda: made.run_until(Phase.UNRECOVERED, within=900), gap=20)
    case = made.run_until(Phase.UNRECOVERED, within=900)
    assert steps(case) == [("rollback/1", DONE), ("restart/1/stuck", DONE)]
    assert made.numbers() == 4
