"""Whether an owner is still at work after its suspension, by what its controller writes on its own object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case import settling
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.core.rollout_facts.reconciling import OwnerCondition, OwnerStatus, under_way
from tests.unit.core.test_plan import CASE

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FLUX = Owner(kind=OwnerKind.FLUX_KUSTOMIZATION, name="apps", namespace="flux-system")
DRIFT = "Detecting drift for revision main@sha1:4f0c with a timeout of 9m30s"
HEALTH = "Running health checks for revision main@sha1:4f0c with a timeout of 9m30s"


def reconciling(message: str = DRIFT, reason: str = "Progressing") -> OwnerCondition:
    return OwnerCondition(type="Reconciling", status="True", reason=reason, message=message)


def flux(*conditions: OwnerCondition, observed: int = 4) -> OwnerStatus:
    """Suspended at generation 5."""
    return OwnerStatus(generation=5, observed=observed, conditions=conditions)


READY = OwnerCondition(type="Ready", status="True", reason="ReconciliationSucceeded", message="Applied")
FAILED = OwnerCondition(type="Ready", status="False", reason="HealthCheckFailed", message="timeout")
STARTED = OwnerCondition(type="Ready", status="Unknown", reason="Progressing", message="in progress")
ASKING = OwnerCondition(type="Healthy", status="Unknown", reason="Progressing", message=HEALTH)
AT_REST = {
    "ended well": flux(READY),
    "failed, and tries again": flux(FAILED, reconciling(reason="ProgressingWithRetry")),
    "asks whether all is well": flux(STARTED, reconciling(HEALTH), ASKING),
    "has seen the suspension": flux(STARTED, reconciling(), observed=5),
    "says nothing": OwnerStatus(generation=5),
    "Argo CD's operation is over": OwnerStatus(generation=9, operation="Succeeded"),
    "Argo CD's operation failed": OwnerStatus(generation=9, operation="Failed"),
}
AT_WORK = {
    "applies": (flux(STARTED, reconciling()), DRIFT),
    "begins anew what a health check was of": (flux(STARTED, reconciling(), ASKING), DRIFT),
    "a HelmRelease begins": (flux(READY, reconciling("Fulfilling prerequisites")), "Fulfilling"),
    "without a word": (flux(STARTED, reconciling("")), "Progressing"),
    "Argo CD syncs": (OwnerStatus(generation=9, operation="Running"), "its operation is Running"),
    "Argo CD ends a sync": (OwnerStatus(generation=9, operation="Terminating"), "Terminating"),
    "Argo CD is asked to": (OwnerStatus(generation=9, operation="Succeeded", requested=True), "requested"),
}


@pytest.mark.parametrize("status", AT_REST.values(), ids=AT_REST)
def test_what_writes_nothing_any_more_is_not_waited_for(status: OwnerStatus) -> None:
    assert under_way(status) == ""


@pytest.mark.parametrize(("status", "said"), AT_WORK.values(), ids=AT_WORK)
def test_what_may_still_write_is_said_in_its_own_words(status: OwnerStatus, said: str) -> None:
    assert said in under_way(status)


# ------------------------------------------------------------ for how long

SUSPEND = Effect(
    id="suspend-owner/1",
    kind="suspend-owner",
    intended_at=NOW - timedelta(minutes=5),
    finished_at=NOW,
    outcome=EffectOutcome.DONE,
    owner=FLUX,
)
AWAIT = Effect(id="await-owner/1", kind="await-owner", intended_at=NOW - timedelta(minutes=5), owner=FLUX)


def after(seconds: float, status: OwnerStatus | None) -> Finished | str:
    case: Case = replace(CASE, status=replace(CASE.status, effects=(SUSPEND, AWAIT)))
    return settling.settled(case, AWAIT, status, NOW + timedelta(seconds=seconds))


def ended(seconds: float, status: OwnerStatus | None) -> str:
    found = after(seconds, status)
    assert isinstance(found, Finished), found
    assert found.outcome is EffectOutcome.DONE, "nothing is held by it"
    return found.detail


def test_it_ends_as_soon_as_the_controller_has_seen_the_suspension() -> None:
    assert "knows that it is suspended" in ended(0, flux(READY, observed=5))


def test_one_that_is_gone_is_not_waited_for() -> None:
    assert "is not there any more" in ended(0, None)


@pytest.mark.parametrize("status", [flux(FAILED), OwnerStatus(generation=9, operation="Succeeded")])
def test_who_never_says_that_it_has_seen_it_is_given_a_moment_to_say_that_it_has_begun(
    status: OwnerStatus,
) -> None:
    assert after(settling.UNSEEN - 0.1, status) == ""
    assert "nothing of Flux Kustomization flux-system/apps is under way" in ended(settling.UNSEEN, status)


def test_what_is_under_way_is_waited_for_and_not_for_ever() -> None:
    busy = flux(STARTED, reconciling())
    waits = after(settling.LONGEST - 0.1, busy)
    assert isinstance(waits, str)
    assert waits.startswith("waits for Flux Kustomization flux-system/apps to end what it had begun")
    assert DRIFT in waits
    assert "back once: 60 s after its suspension" in ended(settling.LONGEST, busy)
