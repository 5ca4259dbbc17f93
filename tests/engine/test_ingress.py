"""The ingress: a recovery is claimed only when the service answers where its users come in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.runner import Program
from daemon.core.assessment import Condition
from daemon.core.case.case import Case, Phase
from daemon.core.runs import HttpCall, Ingress
from daemon.ports import Unavailable
from tests.engine.world import POLICY, World

BAD = "v1.1.0-crash"
URL = "https://gl-006.api.greenlang.io/health"
GOOD = Program(code=200)
LOGIN = Program(code=302, location="https://login.greenlang.io/")


def world(program: Program) -> World:
    check = Ingress(call=HttpCall(url=URL))
    made = World(rps=50.0, policy=replace(POLICY, ingress=check, verify_deadline=120.0)).settled()
    made.runners["http"].programs = {URL: program}
    made.faults_of(BAD)
    made.deploy(BAD)
    return made


def condition(case: Case) -> Condition:
    assert case.status.verification is not None
    [found] = [c for c in case.status.verification.conditions if c.name == f"ingress {URL}"]
    return found


def test_a_good_answer_is_part_of_the_proof() -> None:
    case = world(GOOD).run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert condition(case).holds
    assert condition(case).detail == "200 in 100 ms"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (LOGIN, "it answers with a login page, or what else it redirects to (302 to https://login.gree"),
        (Program(code=401), "it asks for a login (401), 200 was expected"),
        (Program(code=503, output=b"no healthy upstream"), "it answers with 503: no healthy upstream"),
        (Program(seconds=20), "no end within 5 s"),
    ],
    ids=["login", "unauthorized", "no upstream", "hangs"],
)
def test_any_other_answer_is_no_recovery(program: Program, said: str) -> None:
    case = world(program).run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)
    assert case.phase is Phase.UNRECOVERED
    assert f"ingress {URL}: {said}" in case.status.reason


def test_one_that_cannot_be_reached_is_not_known() -> None:
    made = world(GOOD)
    made.runners["http"].calls.fail(Unavailable("GET https://x: TLS: certificate has expired"))
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)
    assert case.phase is Phase.UNRECOVERED
    assert condition(case).holds is None
    assert "it cannot be asked: GET https://x: TLS: certificate has expired" in case.status.reason


def test_an_answer_counts_no_longer_than_the_next_one_is_awaited() -> None:
    made, awaited = world(GOOD), list[Callable[[], None]]()
    made.run_until(Phase.VERIFYING, within=300)
    made.run(2)
    made.beside = awaited.append
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)
    assert case.phase is Phase.UNRECOVERED
    assert len(awaited) == 1
    assert "it has not answered for " in case.status.reason


def test_it_is_asked_again_until_it_answers_well() -> None:
    made = world(Program(code=503))
    made.run_until(Phase.VERIFYING, within=300)
    made.run(30)
    assert 3 <= len(made.runners["http"].starts) <= 8, "each five seconds, and no more often"
    made.runners["http"].programs = {URL: GOOD}
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_one_that_hangs_holds_up_no_look_and_claims_nothing() -> None:
    made = world(GOOD)
    waiting: list[Callable[[], None]] = []
    made.beside = waiting.append
    made.run_until(Phase.VERIFYING, within=300)
    made.run(60)
    case = made.newest()
    assert case is not None
    assert case.phase is Phase.VERIFYING
    assert len(waiting) == 1, "one question at a time"
    assert condition(case).detail.startswith("it has not answered for ")
    waiting.pop()()
    made.beside = lambda job: job()
    made.run_until(Phase.ROLLED_BACK, within=120)


def test_nothing_is_asked_before_the_rollout_is_complete() -> None:
    made = world(GOOD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    assert made.runners["http"].starts == []
