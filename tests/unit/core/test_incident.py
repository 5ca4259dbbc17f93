"""The stakeholders' message says what happened to this release, and nothing that did not happen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status, Trouble
from daemon.core.case.effect import Effect
from daemon.core.case.incident import message
from tests.contract.samples import POLICY, full_status, new_case, revision

NOW = datetime(2026, 1, 5, 9, 10, tzinfo=UTC)


def case(**status: object) -> Case:
    return replace(new_case("greenlang", 3), status=Status(**status))  # type: ignore[arg-type]


def fields(of: Case) -> list[str]:
    return [line.partition(":")[0] for line in message(of, POLICY, NOW).splitlines() if line[0] != " "]


def test_a_rollback_names_both_versions_with_their_revisions_and_templates() -> None:
    done = replace(new_case("greenlang", 3), status=replace(full_status(), trouble=None))
    text = message(done, POLICY, NOW)
    bad, restored = done.spec.revision, done.status.target
    assert restored is not None
    assert f"Bad Version: {bad.image} (revision {bad.number}, pod template {bad.hash})" in text
    assert f"Restored Version: {restored.image} (revision {restored.number}, " in text
    for field in ("Time", "Status", "Reason for Rollback", "Verification", "Next Steps", "Contact"):
        assert field in fields(done)


@pytest.mark.parametrize("phase", [Phase.WATCHING, Phase.HEALTHY, Phase.HELD, Phase.SUPERSEDED])
def test_a_release_that_never_failed_has_no_reason_for_a_rollback(phase: Phase) -> None:
    seen = case(phase=phase, reason="watched for 2.5 min: error rate 14 of 2967")
    assert fields(seen)[1:] == ["Time", "Version", "Status", "Seen", "Next Steps", "Contact"]
    assert "Seen: watched for 2.5 min: error rate 14 of 2967" in message(seen, POLICY, NOW)


@pytest.mark.parametrize("phase", [Phase.ADVISED, Phase.AWAITING_APPROVAL, Phase.HELD])
def test_what_was_not_done_is_not_said_to_be_done(phase: Phase) -> None:
    waiting = case(phase=phase, failing_at=NOW, reason="failing", target=revision(2, "v1.0.1"))
    assert "Restored Version" not in fields(waiting)
    assert "Version to Return to" in fields(waiting)


def test_where_nothing_is_known_to_be_good_that_is_said() -> None:
    assert "Restored Version: none, nothing is known to be good" in message(
        case(phase=Phase.HELD, failing_at=NOW, reason="failing"), POLICY, NOW
    )


def test_a_rollback_that_a_person_approved_has_its_fields_though_nothing_failed() -> None:
    effect = Effect(id="rollback/1", kind="rollback", intended_at=NOW)
    approved = case(
        phase=Phase.ROLLING_BACK, reason="approved", effects=(effect,), target=revision(2, "v1.0.1")
    )
    assert "Reason for Rollback" in fields(approved)


def test_a_trouble_between_rollouts_is_no_rollback() -> None:
    unwell = case(phase=Phase.HEALTHY, trouble=Trouble(since=NOW, text="2 of 3 pods crash"))
    assert fields(unwell)[1:] == ["Time", "Version", "Status", "What is wrong", "Next Steps", "Contact"]
