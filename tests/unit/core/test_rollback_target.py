"""Which revision is returned to, which changes open a case, and what kind of change it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from daemon.core.assessment import Assessment, Attribution, Verdict
from daemon.core.case.case import Case, Phase, Status, case_name
from daemon.core.case.rollback_target import choose, classify, opens_case
from daemon.core.model import Change, Revision
from tests.unit.core.case_stories import BAD, GOOD, NEXT, RETURNED, T0, opened, workload

FOURTH = msgspec.structs.replace(NEXT, hash="h4", replica_set_uid="u4", number=4, replica_set="app-h4")


def finished(revision: Revision, phase: Phase, *, proven: bool = False, hours: float = 0.0) -> Case:
    case = opened()
    at = T0 + timedelta(hours=hours)
    spec = msgspec.structs.replace(case.spec, revision=revision, opened_at=at)
    failed = phase not in (Phase.HEALTHY, Phase.SUPERSEDED)
    status = Status(phase=phase, proven=proven, finished_at=at, failing_at=at if failed else None)
    name = case_name("app", "uid", revision)
    return msgspec.structs.replace(case, name=name, spec=spec, status=status)


def chosen(*cases: Case, judged: Revision = FOURTH) -> Revision | None:
    world = workload(judged, True)
    return choose(msgspec.structs.replace(world, revisions=(GOOD, BAD, NEXT, FOURTH)), judged, cases).revision


def test_the_newest_proven_revision_is_returned_to() -> None:
    assert chosen(
        finished(GOOD, Phase.HEALTHY, proven=True),
        finished(BAD, Phase.HEALTHY, proven=True, hours=1),
    ) == BAD  # fmt: skip


def test_a_proven_revision_comes_before_a_newer_unproven_one() -> None:
    assert chosen(
        finished(GOOD, Phase.HEALTHY, proven=True), finished(BAD, Phase.HEALTHY, hours=1)
    ) == GOOD  # fmt: skip


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.ADVISED, Phase.HELD])
def test_a_revision_that_was_found_bad_is_never_returned_to(phase: Phase) -> None:
    good = finished(BAD, Phase.HEALTHY, proven=True)
    assert chosen(good, finished(BAD, phase, hours=1)) is None
    assert chosen(finished(GOOD, Phase.HEALTHY), good, finished(BAD, phase, hours=1)) == GOOD


def test_a_revision_that_was_held_for_the_infrastructures_sake_is_not_bad() -> None:
    good = finished(BAD, Phase.HEALTHY, proven=True)
    held = finished(BAD, Phase.HELD, hours=1)
    cause = Assessment(verdict=Verdict.FAILING, reason="", attribution=Attribution.INFRASTRUCTURE)
    status = msgspec.structs.replace(held.status, assessment=cause)
    assert chosen(good, msgspec.structs.replace(held, status=status)) == BAD


def test_a_revision_nobody_judged_is_not_good() -> None:
    assert chosen() is None
    assert chosen(finished(GOOD, Phase.SUPERSEDED)) is None


def test_the_ledger_goes_by_hash_for_an_undo_renumbers() -> None:
    renumbered = msgspec.structs.replace(GOOD, number=9)
    assert chosen(finished(renumbered, Phase.HEALTHY, proven=True)) == GOOD


def test_the_judged_revision_is_not_its_own_refuge() -> None:
    assert chosen(finished(FOURTH, Phase.HEALTHY, proven=True)) is None


def test_cases_open_for_new_rollouts_only() -> None:
    known = finished(GOOD, Phase.HEALTHY)
    assert opens_case(workload(BAD, False), [known])
    assert not opens_case(workload(GOOD, True), [known])
    assert not opens_case(workload(None, False), [known])


def test_our_own_rollback_opens_no_case_and_anothers_undo_does() -> None:
    case = finished(BAD, Phase.ROLLED_BACK, hours=1)
    acted = msgspec.structs.replace(case.status, target=GOOD, patched_at=T0)
    only_advised = msgspec.structs.replace(case.status, phase=Phase.ADVISED, target=GOOD)
    cases = [finished(GOOD, Phase.HEALTHY)]
    assert not opens_case(workload(RETURNED, True), [*cases, msgspec.structs.replace(case, status=acted)])
    assert opens_case(workload(RETURNED, True), [*cases, msgspec.structs.replace(case, status=only_advised)])


def template(image: str = "a:1", env: str = "x", **annotations: str) -> dict[str, Any]:
    containers = [{"name": "a", "image": image, "env": [{"name": "E", "value": env}]}]
    return {
        "metadata": {"labels": {"app": "a"}, "annotations": annotations},
        "spec": {"containers": containers},
    }


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (template(image="a:2"), Change.IMAGE),
        (template(env="y"), Change.TEMPLATE),
        (template(**{"kubectl.kubernetes.io/restartedAt": "now"}), Change.RESTART),
        (template(**{"checksum/config": "abc"}), Change.CONFIG),
        (template(**{"checksum/config": "abc", "other": "1"}), Change.TEMPLATE),
        (template(image="a:2", env="y"), Change.TEMPLATE),
    ],
)
def test_changes_are_recognised(new: dict[str, Any], expected: Change) -> None:
    assert classify(template(), new, ran_before=False) is expected
    assert classify(template(), new, ran_before=True) is Change.UNDO
