"""What the answers before a plan mean: only what is known to be missing holds."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.case import gates, plan
from daemon.core.case.case import Case, Instruction
from daemon.core.case.gates import Answer, Weighed, weigh
from daemon.core.case.prior_state import MOST_EVENTS, MOST_PODS, PriorState, prior_state
from daemon.core.case.steps.step import Right, Situation
from daemon.core.model import Pod
from daemon.core.policy import ConfigurationChoice, GateChoice
from daemon.core.rollout_facts.configuration import ABSENT, Reference
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.core.rollout_facts.requirements import Requirement
from tests.unit.core.test_plan import CASE, NOW, TARGET
from tests.unit.core.test_restart_help import workload

REFERENCES = [
    Reference(kind=kind, name=name)
    for kind in ("ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim")
    for name in ("one", "two")
]
OBJECTS = st.builds(Requirement, reference=st.sampled_from(REFERENCES), vital=st.booleans())
RIGHTS = st.builds(Right, verb=st.sampled_from(["patch", "create"]), resource=st.just("deployments"))
ANSWERS = st.builds(
    Answer,
    question=OBJECTS | RIGHTS,
    holds=st.sampled_from([True, False, None]),
    problem=st.just("no answer"),
    temporary=st.booleans(),
)
CHOICES = st.sampled_from([GateChoice.HOLD, GateChoice.STRICT])


def weighed(answers: list[Answer], choice: GateChoice, case: Case = CASE) -> Weighed:
    situation = Situation(target=TARGET, configuration=ConfigurationChoice.IGNORE, gates=choice)
    [effect] = [e for e in plan.steps(situation, 1, NOW) if e.kind == "gates"]
    return weigh(case, effect, answers, PriorState(at=NOW))


def vital(answer: Answer) -> bool:
    return isinstance(answer.question, Requirement) and answer.question.vital and answer.holds is False


@given(st.lists(ANSWERS, max_size=6, unique_by=lambda answer: str(answer.question)), CHOICES)
def test_a_plan_is_held_for_what_is_known_to_be_gone_and_strictly_for_what_is_not_known(
    answers: list[Answer], choice: GateChoice
) -> None:
    found = weighed(answers, choice)
    gone = any(vital(answer) for answer in answers)
    forbidden = any(isinstance(a.question, Right) and a.holds is False for a in answers)
    unknown = any(answer.holds is None for answer in answers)
    assert bool(found.refused) == (gone or (choice is GateChoice.STRICT and unknown and not forbidden))
    assert bool(found.forbidden) == (forbidden and not gone)
    assert sum(map(bool, (found.refused, found.forbidden, found.said))) == 1
    assert bool(found.state.unchecked) == unknown
    for answer in answers:
        if vital(answer):
            assert isinstance(answer.question, Requirement)
            assert str(answer.question.reference) in found.refused


def approved(case: Case, **status: object) -> Case:
    order = Instruction(action="approve", by="anna", at=NOW)
    return replace(case, status=replace(case.status, last_instruction=order, **status))


@given(st.lists(st.sampled_from(REFERENCES), min_size=1, unique=True), st.data())
def test_an_approval_accepts_exactly_what_was_said_to_be_gone(
    gone: list[Reference], data: st.DataObject
) -> None:
    told = data.draw(st.lists(st.sampled_from(REFERENCES), unique=True))
    answers = [Answer(question=Requirement(reference=one), holds=False) for one in gone]
    before = PriorState(at=NOW, gone=tuple(map(str, told)))
    found = weighed(answers, GateChoice.HOLD, approved(CASE, before=before))
    assert bool(found.refused) == bool(set(gone) - set(told))
    unapproved = replace(CASE, status=replace(CASE.status, before=before))
    assert weighed(answers, GateChoice.HOLD, unapproved).refused


def test_a_config_map_that_the_hold_named_as_deleted_was_said_to_be_gone() -> None:
    case = approved(CASE, drift=(Drift(name="one", seen=ABSENT),))
    answer = Answer(question=Requirement(reference=REFERENCES[0]), holds=False)
    assert not weighed([answer], GateChoice.HOLD, case).refused


@given(st.sampled_from(ConfigurationChoice), st.booleans())
def test_each_step_of_the_plan_asks_for_its_own_right_once(choice: ConfigurationChoice, gone: bool) -> None:
    drift = Drift(name="config", seen=ABSENT if gone else "u/1", digest="d")
    situation = Situation(target=TARGET, configuration=choice, drift=(drift,), gates=GateChoice.HOLD)
    effects = plan.steps(situation, 1, NOW)
    case = replace(CASE, status=replace(CASE.status, effects=effects))
    asked = [question for question in gates.questions(case, None) if isinstance(question, Right)]
    writes = [Right(verb="patch", resource="deployments", group="apps", name="web")]
    if choice is ConfigurationChoice.RESTORE:
        make = Right(verb="create", resource="configmaps")
        change = Right(verb="patch", resource="configmaps", name="config")
        writes = [make if gone else change, *writes]
    assert asked == writes


def test_what_the_plan_restores_need_not_be_there() -> None:
    drift = Drift(name="config", seen=ABSENT, digest="d")
    situation = Situation(
        target=TARGET, configuration=ConfigurationChoice.RESTORE, drift=(drift,), gates=GateChoice.HOLD
    )
    case = replace(CASE, status=replace(CASE.status, effects=plan.steps(situation, 1, NOW)))
    volumes = [{"name": name, "configMap": {"name": name}} for name in ("config", "other")]
    asked = gates.questions(case, {"spec": {"volumes": volumes}})
    assert [str(q.reference) for q in asked if isinstance(q, Requirement)] == ["ConfigMap other"]


def test_a_check_is_no_part_of_what_was_done() -> None:
    situation = Situation(target=TARGET, configuration=ConfigurationChoice.IGNORE, gates=GateChoice.HOLD)
    case = replace(CASE, status=replace(CASE.status, effects=plan.steps(situation, 1, NOW)))
    assert plan.account(case) == ""
    assert plan.summary(case, case.status.effects, situation) == ""


@given(st.integers(0, 500), st.text(max_size=2000), st.integers(0, 50))
def test_the_record_is_bounded_whatever_there_is(pods: int, text: str, events: int) -> None:
    there = [
        Pod(
            name=f"web-{number}",
            uid=str(number),
            replica_set="web-a1",
            replica_set_uid="rs-1",
            created_at=datetime(2026, 1, 5, tzinfo=UTC),
            ready=number % 2 == 0,
            images=(text or "web:v1",),
        )
        for number in range(pods)
    ]
    warned = [ObjectEvent(reason="Failed", message=text)] * events
    found = prior_state(workload(*there), None, warned, NOW)
    assert len(found.pods) == min(pods, MOST_PODS)
    assert len(found.pods) + found.pods_left_out == pods
    assert len(found.events) == min(events, MOST_EVENTS)
    assert len(msgspec.json.encode(found)) < 64 * 1024
    assert msgspec.json.decode(msgspec.json.encode(found), type=PriorState) == found
    unready = [pod.ready for pod in found.pods]
    assert unready == sorted(unready), "those that are not ready come first"


def test_what_events_say_is_masked() -> None:
    found = prior_state(
        None, None, [ObjectEvent(reason="Failed", message="login with password=hunter2")], NOW
    )
    assert "hunter2" not in str(found.events)
