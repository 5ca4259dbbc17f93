"""A smoke test that failed is not run again: a person is called as soon as no look can prove the recovery."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.adapters.simulation.runner import Program
from daemon.core.case.case import Phase
from daemon.core.runs import Ending, JobCommand, RunResult, SmokeRun, SmokeTest, lost_proof
from daemon.ports import Unavailable
from tests.engine.world import POLICY, World

BAD = "v1.1.0-crash"
QUICK = SmokeTest(name="quick", task=JobCommand(command=("quick",)))
SLOW = SmokeTest(name="slow", task=JobCommand(command=("slow",)))
FAILS = Program(code=3, output=b"plan is empty")


ENDS = (Phase.UNRECOVERED, Phase.ROLLED_BACK)


def world(*tests: SmokeTest) -> World:
    made = World(rps=50.0, policy=replace(POLICY, smoke_tests=tests, verify_deadline=300.0)).settled()
    made.runners["job"].programs = {"quick": FAILS, "slow": Program(code=0)}
    made.faults_of(BAD)
    made.deploy(BAD)
    return made


def test_nobody_waits_for_the_deadline() -> None:
    made = world(QUICK)
    case = made.run_until(*ENDS, within=900)
    assert case.phase is Phase.UNRECOVERED
    # And what had no time to be seen is not listed beside it.
    end = "the recovery could not be proven: smoke test quick: exit code 3 after 0.1 s: plan is empty"
    assert case.status.reason.endswith(end)
    assert len(made.runners["job"].starts) == 1
    assert case.status.finished_at is not None
    assert case.status.rolled_out_at is not None
    assert (case.status.finished_at - case.status.rolled_out_at).total_seconds() < 30


def test_what_other_tests_say_is_waited_for() -> None:
    made = world(QUICK, SLOW)
    made.runners["job"].calls.fail(Unavailable("the API server is down"))
    made.run_until(Phase.VERIFYING, within=900)
    made.run(120)
    case = made.newest()
    assert case is not None
    assert case.phase is Phase.VERIFYING, "neither could be begun, and nothing is lost"
    made.runners["job"].calls.fail(None)
    case = made.run_until(*ENDS, within=120)
    assert case.phase is Phase.UNRECOVERED
    assert [run.result is not None for run in case.status.smoke_tests] == [True, True]


def runs(**results: bool | None) -> tuple[SmokeRun, ...]:
    begun = World().clock.now()
    return tuple(
        SmokeRun(
            name=name,
            begun_at=begun,
            result=None if passed is None else RunResult(ending=Ending.FINISHED, passed=passed),
        )
        for name, passed in results.items()
    )


def test_the_lost_proof_only_when_every_test_has_ended_and_one_failed() -> None:
    tests = (QUICK, SLOW)
    assert lost_proof(tests, runs(quick=False, slow=True))
    assert lost_proof(tests, runs(quick=False, slow=False))
    assert not lost_proof(tests, runs(quick=True, slow=True))
    assert not lost_proof(tests, runs(quick=False, slow=None))
    assert not lost_proof(tests, runs(quick=False))
    assert not lost_proof((), ())
    # What ended for a test that is not configured any more proves and refutes nothing.
    assert not lost_proof((SLOW,), runs(quick=False, slow=True))
