"""Suspending an owner and resuming it as it was: once for each plan, and nobody else's doing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import SUSPENDABLE, OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.core.rollout_facts.reconciling import under_way
from daemon.ports import Unavailable
from tests.contract import owning
from tests.contract.owning import OwnerDriver

DONE, REFUSED = EffectOutcome.DONE, EffectOutcome.REFUSED
KINDS = sorted(SUSPENDABLE)


@pytest.fixture(
    params=[
        *(f"memory {kind}" for kind in KINDS),
        *(pytest.param(f"real {kind}", marks=pytest.mark.e2e) for kind in KINDS),
    ]
)
def gitops(request: pytest.FixtureRequest) -> Iterator[OwnerDriver]:
    where, kind = request.param.split()
    if where == "memory":
        yield owning.MemoryOwnerDriver(OwnerKind(kind))
        return
    with owning.real_driver(OwnerKind(kind)) as driver:
        yield driver


def test_it_is_suspended_once_for_a_plan_and_resumed_as_it_was(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps")
    before = gitops.settings(owner)
    first = gitops.switch.suspend(owner, "case/1")
    assert (first.outcome, first.already) == (DONE, False)
    assert gitops.suspended(owner)
    again = gitops.switch.suspend(owner, "case/1")
    assert (again.outcome, again.already) == (DONE, True)
    assert gitops.switch.resume(owner, "case/1").outcome is DONE
    assert gitops.settings(owner) == before
    assert gitops.switch.resume(owner, "case/1").already


def test_what_somebody_else_suspended_stays_so(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps")
    gitops.suspend_by_somebody(owner)
    found = gitops.switch.suspend(owner, "case/1")
    assert (found.outcome, found.already) == (DONE, True)
    assert "not by this plan" in found.detail
    assert gitops.switch.resume(owner, "case/1").already
    assert gitops.suspended(owner)


def test_another_plans_suspension_is_not_undone(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps")
    gitops.switch.suspend(owner, "case/1")
    assert gitops.switch.resume(owner, "other/1").already
    assert gitops.suspended(owner)


def test_whoever_is_not_there_cannot_be_suspended_and_needs_no_resumption(gitops: OwnerDriver) -> None:
    owner = gitops.absent("nobody")
    found = gitops.switch.suspend(owner, "case/1")
    assert found.outcome is REFUSED
    assert "is not there" in found.detail
    assert gitops.switch.resume(owner, "case/1").outcome is DONE


def test_what_another_object_makes_is_not_suspended_for_it_would_be_set_right(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps", maker="fleet")
    found = gitops.switch.suspend(owner, "case/1")
    assert found.outcome is REFUSED
    assert "ApplicationSet fleet" in found.detail
    assert not gitops.suspended(owner)


def test_without_a_name_nobody_can_be_suspended(gitops: OwnerDriver) -> None:
    assert gitops.switch.suspend(Owner(kind=gitops.kind), "case/1").outcome is REFUSED


def test_an_api_server_that_does_not_answer_is_asked_again_later(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps")
    switch = gitops.cut_off()
    with pytest.raises(Unavailable):
        switch.suspend(owner, "case/1")
    with pytest.raises(Unavailable):
        switch.resume(owner, "case/1")
    with pytest.raises(Unavailable):
        switch.status(owner)


def test_what_it_had_begun_is_seen_until_it_has_ended(gitops: OwnerDriver) -> None:
    owner = gitops.own("apps")
    gitops.begin_work(owner)
    gitops.switch.suspend(owner, "case/1")
    busy = gitops.switch.status(owner)
    assert busy is not None
    assert under_way(busy)
    assert not busy.has_seen_all
    gitops.end_work(owner)
    rested = gitops.switch.status(owner)
    assert rested is not None
    assert not under_way(rested)
    # Argo CD says of no generation that it has seen it.
    assert rested.has_seen_all is (owner.kind is not OwnerKind.ARGO_CD)


def test_one_that_does_nothing_yet_says_nothing(gitops: OwnerDriver) -> None:
    found = gitops.switch.status(gitops.own("apps"))
    assert found is not None
    assert not under_way(found)


def test_of_whoever_is_not_there_nothing_is_known(gitops: OwnerDriver) -> None:
    assert gitops.switch.status(gitops.absent("nobody")) is None
