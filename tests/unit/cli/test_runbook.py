from __future__ import annotations

from msgspec.structs import replace

from daemon.core.case.case import Phase, Status
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples


def test_the_plan_is_printed_as_commands_that_can_be_copied(rollbackd: Rollbackd, parts: FakeParts) -> None:
    case = samples.rolled_back()
    parts.add(replace(case, status=replace(case.status, phase=Phase.HELD, effects=())))
    result = rollbackd("runbook", case.name)
    assert result.exit_code == 0
    target = case.status.target
    assert target is not None
    command = f"kubectl rollout undo deployment/{case.spec.workload} -n {case.namespace}"
    assert f"   {command} --to-revision={target.number}\n" in result.stdout
    shown = answer(rollbackd("runbook", case.name, "-o", "json"))
    assert [line["state"] for line in shown] == ["to do", "to do"]


def test_how_far_the_plan_is_stands_beside_each_step(rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.add(samples.rolled_back())
    assert "(done)" in rollbackd("runbook", samples.rolled_back().name).stdout


def test_a_case_without_a_target_has_no_plan(rollbackd: Rollbackd, parts: FakeParts) -> None:
    case = samples.rolled_back()
    parts.add(replace(case, status=Status()))
    assert "There is no plan" in rollbackd("runbook", case.name).stdout
