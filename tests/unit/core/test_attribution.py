"""Deployment, infrastructure or undecided: who the witnesses speak for, and with which numbers."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.assessment import Attribution, Fact
from daemon.core.attribution.cause import Dependency, Scene, Surroundings, attribute
from daemon.core.attribution.failure import Failure
from daemon.core.attribution.finding import Finding, Witness
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import SignalState, initial_state, update
from tests.unit.core.signal_states import ALPHA, EVERY, POLICY, START, counted, side, state, steady

FAILING = [(15.0, 75.0)] * 4
INFRASTRUCTURE, DEPLOYMENT, UNDECIDED = (
    Attribution.INFRASTRUCTURE,
    Attribution.DEPLOYMENT,
    Attribution.UNDECIDED,
)


def cause(*failing: SignalState, facts: tuple[Fact, ...] = (), **scene: object) -> Finding:
    return attribute([Failure(one) for one in failing], facts, Scene(**scene))  # type: ignore[arg-type]


def around(**kind: object) -> Surroundings:
    return Surroundings(**kind)  # type: ignore[arg-type]


def down(name: str, since: float, **kind: object) -> Surroundings:
    return around(dependencies=(Dependency(name=name, healthy=False, since=since, **kind),))  # type: ignore[arg-type]


def pods(*stories: list[tuple[float, float]]) -> SignalState:
    """A state of several new pods, scraped at the same times."""
    usual = counted("o-1", steady(0.01, 75.0 * len(stories)), START - 120 * EVERY, from_zero=False)
    begun = initial_state(POLICY, ALPHA, START, usual, side)
    samples: list[Sample] = []
    for index, story in enumerate(stories):
        samples += counted(f"n-{index}", story, START + EVERY, from_zero=True)
    return update(begun, samples, lambda _: True, side)


def test_what_only_the_new_pods_do_is_the_release() -> None:
    found = cause(state(FAILING, beside=[(1.0, 75.0)] * 6))
    assert found.witness is Witness.RELEASE
    assert "errors since" in found.reason
    assert "old pods at the same time" in found.reason


def test_old_pods_that_fail_alike_clear_the_release() -> None:
    found = cause(state(FAILING, beside=[(15.0, 75.0)] * 6))
    assert found.witness is Witness.OLD_PODS_ALIKE
    assert found.cause is INFRASTRUCTURE


def test_old_pods_that_are_only_a_little_off_do_not_clear_it() -> None:
    """Nobody takes two errors more of 300 for the same failure as 60 %."""
    assert cause(state([(45.0, 75.0)] * 4, beside=[(2.0, 75.0)] * 6)).cause is DEPLOYMENT


def test_old_pods_without_requests_say_nothing() -> None:
    assert cause(state(FAILING, beside=[(0.0, 0.0)] * 6)).cause is DEPLOYMENT


def test_what_began_before_the_rollout_is_not_its_doing() -> None:
    before = [*steady(0.01, 75, 112), *([(16.0, 75.0)] * 8)]
    found = cause(state(FAILING, before=before))
    assert found.witness is Witness.BEFORE_ROLLOUT
    assert found.cause is INFRASTRUCTURE


def test_a_bad_hour_long_over_is_no_alibi() -> None:
    before = [*steady(0.01, 75, 30), *([(16.0, 75.0)] * 8), *steady(0.01, 75, 82)]
    assert cause(state(FAILING, before=before)).cause is DEPLOYMENT


@pytest.mark.parametrize(
    ("since", "confirmed", "expected"),
    [
        (-20, True, Witness.DEPENDENCY),
        (30, True, Witness.DEPENDENCY),
        (-20, False, Witness.DEPENDENCY_UNCLEAR),
        (-600, True, Witness.DEPENDENCY_UNCLEAR),
        (-7200, True, Witness.RELEASE),
        (300, True, Witness.RELEASE),
    ],
)
def test_a_dependency_explains_what_began_with_its_outage(
    since: float, confirmed: bool, expected: Witness
) -> None:
    found = cause(state(FAILING), surroundings=down("postgresql", START + since, confirmed=confirmed))
    assert found.witness is expected
    assert ("postgresql" in found.reason) is (expected is not Witness.RELEASE)


def test_a_healthy_dependency_explains_nothing() -> None:
    fine = around(dependencies=(Dependency(name="redis", healthy=True, since=START),))
    assert cause(state(FAILING), surroundings=fine).cause is DEPLOYMENT


def test_other_workloads_that_fail_at_the_same_moment_clear_the_release() -> None:
    found = cause(state(FAILING), surroundings=around(others=("greenlang/gl-007",)))
    assert found.witness is Witness.OTHER_WORKLOADS
    assert found.cause is INFRASTRUCTURE
    assert "greenlang/gl-007" in found.reason


GOOD = [(0.0, 75.0)] * 6
BAD = [(60.0, 75.0)] * 6


def test_one_bad_pod_of_three_is_not_the_release() -> None:
    found = cause(pods(GOOD, BAD, GOOD), placed={"n-1": "node-7"})
    assert found.witness is Witness.SOME_PODS
    assert found.cause is UNDECIDED
    assert "n-1 of 3" in found.reason
    assert "node-7" in found.reason
    found = cause(
        pods(GOOD, BAD, GOOD),
        placed={"n-1": "node-7"},
        surroundings=around(nodes={"node-7": "MemoryPressure since 3 min"}),
    )
    assert found.witness is Witness.SOME_PODS_ON_BAD_NODES
    assert found.cause is INFRASTRUCTURE
    assert "MemoryPressure" in found.reason


def test_all_pods_bad_or_a_single_one_is_the_release() -> None:
    assert cause(pods(BAD, BAD, BAD)).cause is DEPLOYMENT
    assert cause(pods(BAD)).cause is DEPLOYMENT
    assert cause(pods(BAD, BAD, GOOD)).cause is DEPLOYMENT


def test_a_flood_of_good_requests_is_named() -> None:
    flooded = [(120.0, 600.0)] * 6
    found = cause(state(flooded))
    assert found.witness is Witness.TRAFFIC
    assert found.cause is UNDECIDED


def test_clients_that_try_again_are_no_flood() -> None:
    assert cause(state([(525.0, 600.0)] * 6)).cause is DEPLOYMENT


def test_crashes_of_old_pods_and_missing_nodes() -> None:
    crash = (Fact(kind="CrashLoopBackOff", detail="x"),)
    assert cause(facts=crash).cause is DEPLOYMENT
    assert cause(facts=crash, crashing="o-1").witness is Witness.CRASHES_ELSEWHERE
    stuck = (Fact(kind="ProgressDeadlineExceeded", detail="x"),)
    assert cause(facts=stuck, hindered="no node").witness is Witness.HINDERED


def test_crashes_while_a_dependency_is_down() -> None:
    crash = (Fact(kind="CrashLoopBackOff", detail="x"),)
    assert cause(facts=crash, at=START, surroundings=down("postgresql", START - 60)).cause is INFRASTRUCTURE
    assert cause(facts=crash, at=START, surroundings=down("postgresql", START - 7200)).cause is DEPLOYMENT


def test_the_onset_is_an_interval_that_holds_the_truth() -> None:
    good, bad = [(1.0, 75.0)] * 10, [(20.0, 75.0)] * 5
    found = Failure(state([*good, *bad])).onset
    assert found is not None
    assert found.low <= START + 10 * EVERY + EVERY
    assert found.high >= START + 10 * EVERY
    assert found.high - found.low <= 4 * EVERY
    assert Failure(state(good)).onset is None


def test_a_failure_from_the_first_request_began_with_the_rollout() -> None:
    found = Failure(state(FAILING)).onset
    assert found is not None
    assert found.low <= START + EVERY
    assert found.high <= START + 2 * EVERY


def test_the_answer_does_not_depend_on_the_order_of_signals() -> None:
    other = msgspec.structs.replace(state(FAILING), policy=msgspec.structs.replace(POLICY, name="latency"))
    shared = state(FAILING, beside=[(15.0, 75.0)] * 6)
    assert cause(other, shared).cause is cause(shared, other).cause is INFRASTRUCTURE


@pytest.mark.parametrize("witness", Witness)
def test_only_the_absence_of_any_other_witness_speaks_against_the_release(witness: Witness) -> None:
    assert (witness.cause is DEPLOYMENT) is (witness in (Witness.RELEASE, Witness.CHANGE))
