"""Feature flags: switched off before the template is replaced, once, and never in the rollback's way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.runner import Program
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.runbook import runbook
from daemon.core.runs import FeatureFlag, HttpCall, JobCommand, Kind, PodCommand, Task
from daemon.ports import Denied, PortError, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.world import POLICY, World

BAD = "v1.1.0-crash"
URL = "http://flags.ops/{workload}/new-solver"
TASKS: dict[Kind, Task] = {
    "http": HttpCall(url=URL, method="PUT", body="off"),
    "job": JobCommand(command=("flag", "off")),
    "exec": PodCommand(command=("flag", "off"), pod="flags-0"),
}
DONE, REFUSED = EffectOutcome.DONE, EffectOutcome.REFUSED
any_kind = pytest.mark.parametrize("kind", TASKS)


def world(kind: Kind = "http", program: Program | None = None, task: Task | None = None) -> World:
    flag = FeatureFlag(name="new-solver", task=task or TASKS[kind], timeout=5.0)
    made = World(rps=50.0, policy=replace(POLICY, feature_flags=(flag,))).settled()
    found = program or Program(code=200 if kind == "http" else 0)
    made.runners[kind].programs = {"flag off": found, URL: found}
    made.faults_of(BAD)
    return made


def steps(case: Case) -> list[tuple[str, EffectOutcome | None]]:
    return [(effect.id, effect.outcome) for effect in case.status.effects if effect.is_step]


def flag_of(case: Case) -> Effect:
    return next(effect for effect in case.status.effects if effect.kind == "feature-flag")


@any_kind
def test_it_is_switched_off_once_and_before_the_template(kind: Kind) -> None:
    made = world(kind)
    seen: list[str] = []

    def beside(job: Callable[[], None]) -> None:
        seen.append(made.tag())
        job()

    made.beside = beside
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == [("feature-flag/1/new-solver", DONE), ("rollback/1", DONE)]
    assert seen == [BAD]
    assert made.runners[kind].starts == [f"{case.uid}/feature-flag/1/new-solver"]
    assert "feature flag new-solver was switched off (" in flag_of(case).detail


@any_kind
@pytest.mark.parametrize(
    ("program", "said"),
    [(Program(code=3, output=b"no such flag"), "no such flag"), (Program(seconds=60), "no end within 5 s")],
    ids=["fails", "hangs"],
)
def test_one_that_fails_does_not_keep_the_rollback_and_is_said(
    kind: Kind, program: Program, said: str
) -> None:
    made = world(kind, program)
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, Phase.HELD, Phase.UNRECOVERED, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == [("feature-flag/1/new-solver", REFUSED), ("rollback/1", DONE)]
    assert said in flag_of(case).detail
    assert "; switching feature flag new-solver off was not done: " in case.status.reason


@any_kind
@pytest.mark.parametrize("error", [Unavailable("connection refused"), Denied("pods/exec is forbidden")])
def test_what_cannot_be_begun_keeps_the_rollback_no_longer_than_its_timeout(
    kind: Kind, error: PortError
) -> None:
    made = world(kind)
    made.runners[kind].calls.fail(error)
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(12)
    assert made.tag() == "v1.0.0"
    case = made.run_until(Phase.ROLLED_BACK, within=300)
    assert str(error) in case.status.reason
    if isinstance(error, Unavailable):
        assert made.runners[kind].calls.calls > 1, "it is tried again within its timeout"


def test_one_that_hangs_holds_up_no_look() -> None:
    made = world()
    waiting: list[Callable[[], None]] = []
    made.beside = waiting.append
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(3)
    assert len(waiting) == 1
    assert made.tag() == BAD
    waiting.pop()()
    made.run_until(Phase.ROLLED_BACK, within=600)


def test_the_rollback_has_all_its_time_after_a_flag_that_took_its_own() -> None:
    made = world()
    made.policy = replace(made.policy, rollback_deadline=60.0)
    made.beside = lambda _job: None
    made.cluster.undos.fail(Unavailable("the API server does not answer"))
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(80)
    case = made.newest()
    assert case is not None
    assert (case.phase, flag_of(case).outcome) == (Phase.ROLLING_BACK, REFUSED)

    made.cluster.undos.fail(None)
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)

    assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_a_flag_that_was_taken_out_of_the_settings_is_not_waited_for() -> None:
    made = world()
    made.runners["http"].calls.fail(Unavailable("connection refused"))
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.policy = replace(made.policy, feature_flags=())
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert "there is no feature flag new-solver any more" in flag_of(case).detail


@any_kind
def test_the_runbook_has_it_as_a_person_would_type_it(kind: Kind) -> None:
    made = world(kind)
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    line = runbook(case, made.policy)[0]
    assert line.text == "switch feature flag new-solver off"
    [command] = line.commands
    assert "{namespace}" not in command
    assert {
        "http": "curl -sS -X PUT http://flags.ops/gl-006-heatreclaim/new-solver",
        "job": "kubectl create job new-solver-off -n greenlang --image=",
        "exec": "kubectl exec -n greenlang flags-0 -- flag off",
    }[kind] in command.replace("'", "")


def writes_of_the_story() -> int:
    made = world()
    made.deploy(BAD)
    return writes_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300))


@any_kind
@pytest.mark.parametrize("after", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_it_is_switched_off_at_most_once(write: int, after: bool, kind: Kind) -> None:
    made = world(kind)
    made.store.writes.crash_after(write, made=after)
    made.deploy(BAD)
    kill_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300), gap=7)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert [kind for kind, _ in steps(case)] == ["feature-flag/1/new-solver", "rollback/1"]
    assert len(made.runners[kind].starts) <= 1
    if not made.runners[kind].starts:
        assert "was not done: it may have been begun by a daemon that was stopped" in case.status.reason
    assert made.numbers() == 3


@any_kind
@pytest.mark.parametrize("begun", [True, False], ids=["after the act", "before the act"])
def test_killed_at_the_switch(kind: Kind, begun: bool) -> None:
    made = world(kind)
    made.runners[kind].calls.crash_after(1, made=begun)
    made.deploy(BAD)
    kill_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300), gap=7)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert len(made.runners[kind].starts) <= 1
    outcome = flag_of(case).outcome
    assert outcome is (DONE if kind == "job" else REFUSED)
