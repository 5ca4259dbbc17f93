"""Smoke tests: no recovery is claimed before each has passed, and none runs twice for one attempt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.runner import Program
from daemon.core.case.case import Case, Phase
from daemon.core.runs import Ending, HttpCall, JobCommand, Kind, PodCommand, SmokeTest, Task
from daemon.ports import Denied, Missing, PortError, Unavailable
from tests.engine.world import POLICY, World
from tests.simulation.troubles import Killed

BAD = "v1.1.0-crash"
TASKS: dict[Kind, Task] = {
    "http": HttpCall(url="http://{pod}:8000/smoke"),
    "job": JobCommand(command=("smoke",)),
    "exec": PodCommand(command=("smoke",)),
}
ends = (Phase.ROLLED_BACK, Phase.UNRECOVERED)
any_kind = pytest.mark.parametrize("kind", TASKS)


def world(kind: Kind, program: Program, task: Task | None = None) -> World:
    test = SmokeTest(name="plan", task=task or TASKS[kind], timeout=30.0)
    made = World(rps=50.0, policy=replace(POLICY, smoke_tests=(test,), verify_deadline=300.0)).settled()
    made.runners[kind].programs = {"smoke": program, "http://{pod}:8000/smoke": program}
    made.faults_of(BAD)
    made.deploy(BAD)
    return made


def passing(kind: Kind) -> Program:
    return Program(code=200 if kind == "http" else 0)


def run_to(world_: World, phase: Phase) -> Case:
    case = world_.run_until(*ends, within=1200)
    assert case.phase is phase, case.status.reason
    return case


@any_kind
def test_a_recovery_is_proven_with_its_test_passed_once(kind: Kind) -> None:
    world_ = world(kind, passing(kind))
    case = run_to(world_, Phase.ROLLED_BACK)
    assert len(world_.runners[kind].starts) == 1
    assert case.status.verification is not None
    [found] = [c for c in case.status.verification.conditions if c.name == "smoke test plan"]
    assert found.holds
    assert world_.runners[kind].left == ()


@any_kind
@pytest.mark.parametrize(
    ("program", "said"),
    [
        (Program(code=3, output=b"plan is empty"), "3 after 0.1 s: plan is empty"),
        (Program(seconds=1000), "no end within 30 s"),
    ],
)
def test_a_test_that_fails_or_hangs_is_no_recovery(kind: Kind, program: Program, said: str) -> None:
    world_ = world(kind, program)
    case = run_to(world_, Phase.UNRECOVERED)
    assert "smoke test plan" in case.status.reason
    assert said in case.status.reason
    assert len(world_.runners[kind].starts) == 1


@any_kind
@pytest.mark.parametrize(
    "trouble", [Denied("pods/exec is forbidden"), Missing("the pod is gone"), Unavailable("the API is down")]
)
def test_what_cannot_be_begun_is_tried_again_and_no_recovery_until_then(
    kind: Kind, trouble: PortError
) -> None:
    world_ = world(kind, passing(kind))
    world_.runners[kind].calls.fail(trouble)
    world_.run_until(Phase.VERIFYING, within=600)
    world_.run(100)
    case = world_.newest()
    assert case is not None
    assert (case.phase, world_.runners[kind].starts) == (Phase.VERIFYING, [])
    assert case.status.verification is not None
    assert f"no result yet, and tried again: {trouble}" in case.status.verification.missing
    world_.runners[kind].calls.fail(None)
    run_to(world_, Phase.ROLLED_BACK)
    assert len(world_.runners[kind].starts) == 1


def test_no_command_is_no_recovery() -> None:
    world_ = world("job", Program(), JobCommand(command=()))
    case = run_to(world_, Phase.UNRECOVERED)
    assert "it cannot be run: there is no command" in case.status.reason


def test_a_test_that_never_returns_delays_nobody() -> None:
    world_ = world("exec", Program())
    hanging: list[Callable[[], None]] = []
    world_.beside = hanging.append
    case = run_to(world_, Phase.UNRECOVERED)
    assert "begun at" in case.status.reason
    assert len(hanging) == 1


@any_kind
def test_a_daemon_that_is_killed_between_begin_and_result_runs_nothing_twice(kind: Kind) -> None:
    """The process dies with the run done and its result unheard."""
    world_ = world(kind, passing(kind))
    world_.runners[kind].calls.crash_after(1)
    with pytest.raises(Killed):
        world_.run(600.0)
    assert len(world_.runners[kind].starts) == 1
    world_.restart()
    if kind == "exec":
        case = run_to(world_, Phase.UNRECOVERED)
        assert "how it ended is not known" in case.status.reason
        assert case.status.smoke_tests[0].result is not None
        assert case.status.smoke_tests[0].result.ending is Ending.LOST
        assert len(world_.runners[kind].starts) == 1
    else:
        run_to(world_, Phase.ROLLED_BACK)
        assert len(set(world_.runners[kind].starts)) == 1
        assert len(world_.runners["job"].starts) == (1 if kind == "job" else 0)


def test_a_request_that_writes_is_not_repeated_after_a_restart() -> None:
    world_ = world("http", passing("http"), HttpCall(url="http://{pod}:8000/smoke", method="POST"))
    world_.beside = lambda job: None
    world_.run_until(Phase.VERIFYING, within=600)
    world_.run(10)
    world_.beside = lambda job: job()
    world_.restart()
    run_to(world_, Phase.UNRECOVERED)
    assert world_.runners["http"].starts == []


def test_without_smoke_tests_nothing_is_run_and_nothing_asked() -> None:
    world_ = World(rps=50.0).settled()
    world_.faults_of(BAD)
    world_.deploy(BAD)
    case = run_to(world_, Phase.ROLLED_BACK)
    assert case.status.smoke_tests == ()
