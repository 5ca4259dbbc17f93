"""Without requests, metrics or a fresh view nothing fails, and nothing counts as healthy or recovered."""

from __future__ import annotations

import pytest

from daemon.core.assessment import Verdict
from daemon.core.case.case import Phase
from tests.engine.bad_release import bad_release
from tests.engine.world import REF, World, traffic


def test_no_traffic_is_neither_failure_nor_health() -> None:
    world = World().settled()
    world.metrics.no_traffic(REF)
    world.run(120)
    world.deploy("v1.0.1")
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=700)
    assert not case.status.proven
    assert "no requests" in case.status.reason


@pytest.mark.parametrize("when", [0, 5, 60])
def test_a_monitoring_outage_rolls_nothing_back(when: int) -> None:
    world = World().settled()
    world.deploy("v1.0.1")
    world.run(when or 0.0)
    world.metrics.outage(True, "Prometheus answered 503")
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=800)
    assert not case.status.proven
    assert "503" in case.status.reason
    assert world.tag() == "v1.0.1"


def test_a_bad_release_is_found_when_the_monitoring_is_back() -> None:
    world = bad_release()
    world.metrics.outage(True)
    world.run(200)
    assert world.newest().phase is Phase.WATCHING  # type: ignore[union-attr]
    world.metrics.outage(False)
    world.run_until(Phase.ROLLED_BACK, within=200)


def test_metrics_that_stay_bad_after_the_rollback_are_unrecovered() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.ROLLING_BACK, within=100)
    world.metrics.serve(REF, traffic(5.0, base=0.5))
    case = world.run_until(Phase.UNRECOVERED, within=300)
    assert "not the cause" in case.status.reason
    world.run(900)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3), "it never rolls back further"


def test_without_fresh_traffic_no_recovery_is_claimed() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.ROLLING_BACK, within=100)
    world.metrics.no_traffic(REF)
    case = world.run_until(Phase.UNRECOVERED, within=700)
    assert "could not be proven" in case.status.reason


def test_an_unhealthy_endpoint_is_no_recovery() -> None:
    world = bad_release(0.5)
    world.health.break_path("/health", "v1.0.0")
    case = world.run_until(Phase.UNRECOVERED, within=800)
    assert "/health" in case.status.reason


def test_the_case_is_silent_about_health_it_cannot_know() -> None:
    world = World().settled()
    world.metrics.no_series(REF)
    world.deploy("v1.0.1")
    world.run(60)
    case = world.newest()
    assert case is not None
    assert case.status.verdict is Verdict.UNKNOWN
    assert "no samples of the new pods" in case.status.reason


def test_no_recovery_is_claimed_from_an_old_picture_of_the_cluster() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.VERIFYING, within=200)
    world.cluster.freeze_watches(True)
    world.run(120)
    world.run_until(Phase.VERIFYING, within=1)
    world.cluster.freeze_watches(False)
    world.run_until(Phase.ROLLED_BACK, within=60)
