"""Outputs as a case may keep them, and smoke tests as conditions of a recovery."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.assessment import Condition
from daemon.core.judge.recovery import Facts, verify
from daemon.core.masking import mask
from daemon.core.policy import Policy
from daemon.core.runs import KEPT, Ending, HttpCall, RunResult, SmokeRun, SmokeTest, tail
from tests.unit.core.made import NEW, START, at, pod, workload

SECRET = st.text("abcXYZ0189_+/=", min_size=8, max_size=40)
PLACES = (
    "postgresql://greenlang:{}@db:5432/heat",
    "redis://:{}@redis:6379/0",
    "PASSWORD={}",
    'AWS_SECRET_ACCESS_KEY="{}"',
    '{{"api_key": "{}", "level": "ERROR"}}',
    "Authorization: Bearer {}",
    "db_password: '{}'",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "?token={}&page=2",
)


@pytest.mark.parametrize("place", PLACES)
@given(secret=SECRET, before=st.text(max_size=30))
def test_what_looks_like_a_secret_is_masked_wherever_it_stands(place: str, secret: str, before: str) -> None:
    said = mask(f"{before}\n{place.format(secret)}\nafter it")
    assert secret not in said.removeprefix(before)
    assert said.endswith("after it")


@pytest.mark.parametrize("text", ["3 of 4 plans are empty", "http://pod:8000/smoke?n=1", "tokens: none left"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text).startswith(text.partition(":")[0])


@given(data=st.binary(max_size=6000), cut=st.booleans())
def test_any_output_becomes_a_short_printable_text(data: bytes, cut: bool) -> None:
    found = tail(data, cut=cut)
    assert len(found) <= KEPT + 1
    assert all(letter.isprintable() or letter in "\n\t" for letter in found)


@pytest.mark.parametrize(
    "unit", ["a", "token=", "eyJ", "-eyJa", "://", "bearer ", 'password="', "-----BEGIN "]
)
def test_masking_takes_no_longer_for_text_that_is_made_to_delay_it(unit: str) -> None:
    began = time.process_time()
    mask((unit * 65536)[:65536])
    assert time.process_time() - began < 2.0


def condition(*runs: SmokeRun) -> Condition:
    test = SmokeTest(name="plan", task=HttpCall(url="http://{pod}/"))
    seen = workload(*(pod(f"p{number}", ready=True) for number in range(3)))
    facts = Facts(workload=seen, target=NEW, health=(), fresh={}, patched_at=START, smoke_tests=runs)
    found = verify(facts, Policy(smoke_tests=(test,), require_traffic=False), None)
    assert found.recovered == all(c.holds for c in found.conditions)
    [one] = [c for c in found.conditions if c.name == "smoke test plan"]
    return one


def run(result: RunResult | None = None, problem: str = "") -> SmokeRun:
    return SmokeRun(name="plan", begun_at=at(5), result=result, problem=problem)


def test_only_a_test_that_passed_is_proof() -> None:
    assert condition().holds is None
    assert condition(run()).holds is None
    assert condition(run(problem="not begun: it is forbidden")).detail == "not begun: it is forbidden"
    lost = RunResult(ending=Ending.LOST, detail="the daemon was stopped meanwhile")
    assert condition(run(lost)).holds is None
    late = RunResult(ending=Ending.TIMED_OUT, seconds=30.0)
    assert condition(run(late)).holds is False
    failed = RunResult(ending=Ending.FINISHED, code=3, output="no\nplan", seconds=1.0, detail="exit code 3")
    found = condition(run(failed))
    assert (found.holds, found.detail) == (False, "exit code 3 after 1.0 s: no plan")
    assert condition(run(RunResult(ending=Ending.FINISHED, passed=True, code=0))).holds


def test_a_test_of_another_name_is_none() -> None:
    passed = RunResult(ending=Ending.FINISHED, passed=True, code=0)
    assert condition(SmokeRun(name="other", begun_at=at(5), result=passed)).holds is None
