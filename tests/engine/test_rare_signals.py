"""A signal of rare events: it convicts where it speaks, and keeps nothing from proof where it is silent."""

from __future__ import annotations

from typing import Literal

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.assessment import Condition
from daemon.core.case.case import Case, Phase
from daemon.core.policy import SignalPolicy
from tests.engine.world import ERRORS, POLICY, REF, World

BAD = "v1.1.0-bad"
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD)
JOBS = SignalPolicy(name="jobs", title="share of failed jobs", limit=0.5)


def world(
    proof: Literal["always", "when_seen"], *, seen: bool = False, failing: bool = False, alone: bool = False
) -> World:
    """``seen``: jobs run; ``failing``: those of the bad release fail, and its requests are well."""
    jobs = replace(JOBS, proof=proof)
    signals = (jobs,) if alone else (ERRORS, jobs)
    made = World(rps=50.0, policy=replace(POLICY, signals=signals, verify_deadline=120.0))
    rates = {
        "errors": Rates(bad=0.01, by_tag={} if failing else {BAD: 0.5}),
        "jobs": Rates(bad=0.01, by_tag={BAD: 0.9} if failing else {}, share=1.0 if seen else 0.0),
    }
    made.metrics.serve(REF, Traffic(rps=50.0, signals=rates))
    return made.settled()


def released(made: World) -> Case:
    made.deploy(BAD)
    return made.run_until(*ENDS, within=1200)


def of_jobs(case: Case) -> Condition:
    assert case.status.verification is not None
    [found] = [c for c in case.status.verification.conditions if c.name == f"{JOBS.title} back to normal"]
    return found


def test_one_that_was_not_seen_keeps_no_recovery_from_being_proven() -> None:
    case = released(world("when_seen"))
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert of_jobs(case) == Condition(
        name=f"{JOBS.title} back to normal", holds=True, detail="not seen since the rollback, and need not be"
    )


def test_by_default_it_does() -> None:
    case = released(world("always"))
    assert case.phase is Phase.UNRECOVERED
    assert JOBS.title in case.status.reason


def test_what_failed_must_be_seen_to_be_well_again() -> None:
    made = world("when_seen", seen=True, failing=True)
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=600)
    made.metrics.serve(
        REF, Traffic(rps=50.0, signals={"errors": Rates(bad=0.01), "jobs": Rates(bad=0.01, share=0.0)})
    )
    case = made.run_until(*ENDS, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert JOBS.title in case.status.reason


def test_it_convicts_and_is_proven_where_it_is_seen() -> None:
    case = released(world("when_seen", seen=True, failing=True))
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert case.status.assessment is not None
    assert JOBS.title in case.status.assessment.reason
    assert "limit 50 %" in of_jobs(case).detail


@pytest.mark.parametrize(("proof", "proven"), [("when_seen", True), ("always", False)])
def test_nor_does_it_keep_a_release_from_being_found_healthy(
    proof: Literal["always", "when_seen"], proven: bool
) -> None:
    made = world(proof)
    made.deploy("v1.0.1")
    made.run_until(Phase.WATCHING, within=300)
    case = made.run_until(Phase.HEALTHY, *ENDS, within=1500)
    assert (case.phase, case.status.proven) == (Phase.HEALTHY, proven)


def test_where_nothing_else_is_asked_for_it_is() -> None:
    made = world("when_seen", alone=True)
    made.faults_of(BAD)
    assert released(made).phase is Phase.UNRECOVERED
