"""The plan as commands: what people read is what the daemon would do."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.core.case import plan
from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import message
from daemon.core.case.runbook import runbook
from daemon.core.case.steps.step import Situation
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.core.rollout_facts.configuration_content import Drift
from tests.unit.core.test_plan import CASE, NOW, TARGET

DRIFT = Drift(name="web-config", seen="u/7", digest="d", changed_by=" by kubectl at 2026-01-05 09:00:00")
RESTORE, HOLD = (
    Policy(configuration=choice) for choice in (ConfigurationChoice.RESTORE, ConfigurationChoice.HOLD)
)
HELD = replace(CASE, status=replace(CASE.status, phase=Phase.HELD, drift=(DRIFT,)))


def test_a_plan_that_is_under_way_says_how_far_it_is() -> None:
    effects = plan.steps(
        Situation(target=TARGET, configuration=ConfigurationChoice.RESTORE, drift=(DRIFT,)), 1, NOW
    )
    effects = (replace(effects[0], finished_at=NOW, outcome=EffectOutcome.DONE), *effects[1:])
    lines = runbook(replace(CASE, status=replace(CASE.status, effects=effects)), RESTORE)
    assert [line.state for line in lines] == ["done", "intended", "intended"]
    assert [line.commands[0].split(" | ")[-1] for line in lines] == [
        "kubectl replace -n shop -f -",
        "kubectl rollout undo deployment/web -n shop --to-revision=1",
        "kubectl rollout restart deployment/web -n shop",
    ]


def test_where_it_must_not_write_a_person_is_given_the_commands() -> None:
    lines = runbook(HELD, HOLD)
    assert lines[0].commands == (
        "kubectl get configmap web-config -n shop -o yaml",
        "kubectl edit configmap web-config -n shop",
    )
    assert lines[1].commands[0] == "kubectl rollout undo deployment/web -n shop --to-revision=1"


def test_the_incident_of_a_held_case_has_the_same_commands() -> None:
    text = message(HELD, RESTORE, NOW)
    assert "By hand:" in text
    assert all(command in text for line in runbook(HELD, RESTORE) for command in line.commands)
    assert "By hand:" not in message(CASE, RESTORE, NOW), "nobody need take over while it goes on"


def test_without_a_target_there_is_no_plan() -> None:
    assert runbook(replace(HELD, status=replace(HELD.status, target=None)), RESTORE) == ()
