"""The plan as commands: what people read is what the daemon would do."""

from __future__ import annotations

import re

from msgspec.structs import replace

from daemon.core.assessment import Condition, Verification
from daemon.core.case import plan
from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import message
from daemon.core.case.runbook import runbook
from daemon.core.case.steps.step import Situation
from daemon.core.policy import ConfigurationChoice, GateChoice, Policy
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.runs import HttpCall, Ingress, JobCommand, PodCommand, SmokeTest
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


CHECKED = Policy(
    ingress=Ingress(
        call=HttpCall(url="https://web.shop.example/health", headers=(("Host", "web"), ("X", "t0k3n")))
    ),
    smoke_tests=(
        SmokeTest(name="page", task=HttpCall(url="http://{pod}:8000/health")),
        SmokeTest(name="settings", task=PodCommand(command=("cat", "/etc/a b"))),
        SmokeTest(name="work", task=JobCommand(command=("true",))),
    ),
    logs=True,
)


def test_the_checks_after_it_are_commands_as_well() -> None:
    lines = runbook(HELD, CHECKED)[-5:]
    assert [line.commands for line in lines] == [
        (
            "curl -sS -X GET -o /dev/null -w '%{http_code} %{redirect_url}\\n' -H 'Host: web' "
            "https://web.shop.example/health",
        ),
        ("kubectl get pods -n shop -o wide", "curl -sS -X GET 'http://POD_IP:8000/health'"),
        ("kubectl exec -n shop deployment/web -- cat '/etc/a b'",),
        (f"kubectl create job work-by-hand -n shop --image={TARGET.image} -- true",),
        (
            "kubectl logs -n shop deployment/web --all-containers --since=10m | "
            "grep -iE 'error|exception|fatal'",
        ),
    ]
    assert {line.state for line in lines} == {"to do"}
    assert "t0k3n" not in str(lines)


def test_a_check_says_how_it_ended() -> None:
    conditions = (
        Condition(name="smoke test page", holds=True, detail=""),
        Condition(name="smoke test work", holds=False, detail=""),
    )
    case = replace(HELD, status=replace(HELD.status, verification=Verification(conditions=conditions)))
    states = {line.text: line.state for line in runbook(case, CHECKED)}
    assert states["run smoke test page"] == "done"
    assert states["run smoke test work"] == "failed"
    assert states["run smoke test settings"] == "to do"


def test_what_a_plan_did_not_come_to_is_said_not_to_be_done() -> None:
    situation = Situation(target=TARGET, configuration=ConfigurationChoice.IGNORE, gates=GateChoice.HOLD)
    look, back = plan.steps(situation, 1, NOW)
    effects = (
        replace(look, finished_at=NOW, outcome=EffectOutcome.REFUSED),
        replace(back, finished_at=NOW, outcome=EffectOutcome.SUPERSEDED),
    )
    lines = runbook(replace(HELD, status=replace(HELD.status, effects=effects)), HOLD)
    assert [line.state for line in lines] == ["refused", "not done"]


def test_no_command_names_an_object_and_kinds_at_once() -> None:
    """kubectl refuses ``get deployment/web pods``."""
    situation = Situation(target=TARGET, configuration=ConfigurationChoice.IGNORE, gates=GateChoice.HOLD)
    case = replace(CASE, status=replace(CASE.status, effects=plan.steps(situation, 1, NOW)))
    typed = [command for line in runbook(case, CHECKED) for command in line.commands]
    mixed = [command for command in typed if re.match(r"kubectl get \S+/\S+ [a-z]", command)]
    assert typed
    assert not mixed
