"""Before anything is done it is looked whether it can be: what is missing holds, and says the remedy."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.steps.step import Right
from daemon.core.policy import ConfigurationChoice, GateChoice
from daemon.core.rollout_facts.configuration import Reference
from daemon.ports import Denied, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.world import IMAGE, POLICY, REF, World

BAD = "v1.1.0-bad"
CONFIG = Reference(kind="ConfigMap", name="gl-006-heatreclaim-config")
SECRET = Reference(kind="Secret", name="gl-006-heatreclaim-secrets")
ACCOUNT = Reference(kind="ServiceAccount", name="heat")
CLAIM = Reference(kind="PersistentVolumeClaim", name="history")
PULL = Reference(kind="Secret", name="registry")
NEEDED = [CONFIG, SECRET, ACCOUNT, CLAIM]
PATCH = Right(verb="patch", resource="deployments", group="apps")


def template() -> dict[str, Any]:
    made = simple_template(REF.name, f"{IMAGE}:v1.0.0")
    made["spec"]["volumes"] = [
        {"name": "config", "configMap": {"name": CONFIG.name}},
        {"name": "history", "persistentVolumeClaim": {"claimName": CLAIM.name}},
        {"name": "extra", "configMap": {"name": "extra", "optional": True}},
    ]
    made["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": SECRET.name}}]
    made["spec"]["serviceAccountName"] = ACCOUNT.name
    made["spec"]["imagePullSecrets"] = [{"name": PULL.name}]
    return made


def world(gates: GateChoice = GateChoice.HOLD, **policy: Any) -> World:
    chosen = replace(POLICY, gates=gates, **({"configuration": ConfigurationChoice.IGNORE} | policy))
    made = World(template=template(), rps=50.0, errors={BAD: 0.5}, policy=chosen)
    for reference in [*NEEDED, PULL]:
        made.configuration.write(REF.namespace, reference)
    made.cluster.restart(REF)
    return made.settled()


def steps(case: Case) -> list[tuple[str, EffectOutcome | None]]:
    return [(effect.kind, effect.outcome) for effect in case.status.effects if effect.is_step]


def test_what_is_there_is_recorded_and_the_plan_goes_on() -> None:
    made = world()
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert steps(case) == [("gates", EffectOutcome.DONE), ("rollback", EffectOutcome.DONE)]
    before = case.status.before
    assert before is not None
    assert set(before.present) == {str(one) for one in [*NEEDED, PULL]}
    assert not before.gone
    assert not before.unchecked
    assert {pod.image for pod in before.pods} >= {f"{IMAGE}:{BAD}"}
    assert any(signal.startswith("errors: ") and "%" in signal for signal in before.signals)
    assert "before the plan: 5 objects that revision 1" in " ".join(e.text for e in case.status.timeline)


@pytest.mark.parametrize("gone", NEEDED, ids=lambda one: one.kind)
def test_what_is_gone_holds_with_its_remedy_and_an_approval_overrules(gone: Reference) -> None:
    made = world()
    made.configuration.remove(REF.namespace, gone)
    made.deploy(BAD)
    case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, within=300)
    assert case.phase is Phase.HELD
    assert f"{gone} is gone, and no pod of revision 1" in case.status.reason
    assert "make it again (kubectl " in case.status.reason
    assert case.status.reason.startswith("held before anything was done: ")
    assert made.tag() == BAD
    assert steps(case) == [("gates", EffectOutcome.REFUSED), ("rollback", EffectOutcome.SUPERSEDED)]
    made.instruct(case, "approve")
    case = made.run_until(Phase.ROLLED_BACK, within=300)
    told = [effect.detail for effect in case.status.effects if effect.kind == "gates"]
    assert f"{gone} still gone, as was known at the approval" in told[-1]


def test_an_approval_does_not_overrule_what_nobody_was_told() -> None:
    made = world()
    made.configuration.remove(REF.namespace, ACCOUNT)
    made.deploy(BAD)
    case = made.run_until(Phase.HELD, within=300)
    made.configuration.write(REF.namespace, ACCOUNT)
    made.configuration.remove(REF.namespace, CLAIM)
    made.instruct(case, "approve")
    made.run(5)
    case = made.run_until(Phase.HELD, within=60)
    assert f"{CLAIM} is gone" in case.status.reason
    assert made.tag() == BAD


def test_what_the_plan_itself_makes_again_need_not_be_there() -> None:
    made = World(
        template=template(),
        rps=50.0,
        errors={BAD: 0.5},
        policy=replace(POLICY, gates=GateChoice.HOLD, configuration=ConfigurationChoice.RESTORE),
    )
    for reference in [*NEEDED, PULL]:
        made.configuration.write(REF.namespace, reference)
    made.cluster.restart(REF)
    made.settled()
    made.configuration.remove(REF.namespace, CONFIG)
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, Phase.HELD, within=600)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert [kind for kind, _ in steps(case)][:3] == ["gates", "restore-configuration", "rollback"]


def test_a_secret_to_pull_images_with_that_is_gone_is_said_and_holds_nothing() -> None:
    made = world()
    made.configuration.remove(REF.namespace, PULL)
    made.deploy(BAD)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert case.status.before is not None
    assert case.status.before.lacking == (str(PULL),)
    assert f"{PULL} gone, without which images may not be pulled" in str(case.status.timeline)


@pytest.mark.parametrize("choice", [GateChoice.HOLD, GateChoice.STRICT])
def test_what_may_not_be_asked_is_said_to_be_unchecked(choice: GateChoice) -> None:
    made = world(choice)
    made.deploy(BAD)
    made.configuration.reads.fail(Denied("secrets is forbidden"))
    case = made.run_until(Phase.ROLLED_BACK, Phase.HELD, Phase.UNRECOVERED, Phase.VERIFYING, within=300)
    assert case.status.before is not None
    assert f"{SECRET} (secrets is forbidden)" in case.status.before.unchecked
    if choice is GateChoice.STRICT:
        assert case.phase is Phase.HELD
        assert "whether the plan can be carried out is not known" in case.status.reason
        assert made.tag() == BAD
    else:
        assert case.phase is Phase.VERIFYING
        assert made.tag() == "v1.0.0"


def test_what_does_not_answer_is_asked_again_for_a_moment_and_then_the_plan_goes_on() -> None:
    made = world()
    made.deploy(BAD)
    made.configuration.reads.fail(Unavailable("the API server does not answer"))
    case = made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(3)
    assert made.tag() == BAD
    made.run(12)
    assert made.tag() == "v1.0.0"
    case = made.newest() or case
    assert "not checked: ConfigMap gl-006-heatreclaim-config (the API server does not answer)" in str(
        [case for case in made.store.cases() if case.status.before is not None]
    )


def test_an_answer_that_comes_late_is_waited_for() -> None:
    made = world()
    made.deploy(BAD)
    made.configuration.remove(REF.namespace, ACCOUNT)
    made.configuration.reads.fail(Unavailable("the API server does not answer"))
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(2)
    made.configuration.reads.fail(None)
    case = made.run_until(Phase.HELD, Phase.VERIFYING, within=30)
    assert case.phase is Phase.HELD
    assert f"{ACCOUNT} is gone" in case.status.reason


def test_a_right_that_is_wanting_stops_the_plan_before_its_first_step_until_it_is_granted() -> None:
    made = world()
    made.rights.take(REF.namespace, PATCH)
    made.deploy(BAD)
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.run(90)
    case = made.newest()
    assert case is not None
    assert case.phase is Phase.ROLLING_BACK
    assert made.cluster.undos.calls == 0
    assert "the daemon may not patch deployments.apps/gl-006-heatreclaim" in case.status.reason
    assert "grant it with a Role" in case.status.reason
    made.rights.grant(REF.namespace, PATCH)
    made.run_until(Phase.ROLLED_BACK, within=600)


def test_a_right_that_nobody_grants_ends_as_held_with_nothing_done() -> None:
    made = world()
    made.rights.take(REF.namespace, PATCH)
    made.deploy(BAD)
    case = made.run_until(Phase.HELD, within=1500)
    assert "may not patch" in case.status.reason
    assert made.tag() == BAD


def test_one_question_for_each_object_and_each_right() -> None:
    made = world()
    made.deploy(BAD)
    made.run_until(Phase.FAILING, Phase.ROLLING_BACK, within=300)
    reads, asked = made.configuration.reads.calls, made.rights.reads.calls
    assert asked == 1
    assert reads < 60


def writes_of_the_story() -> int:
    made = world()
    made.deploy(BAD)
    return writes_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300))


@pytest.mark.parametrize("after", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_it_looks_again_and_acts_once(write: int, after: bool) -> None:
    made = world()
    made.store.writes.crash_after(write, made=after)
    made.deploy(BAD)
    kill_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300), gap=7)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert steps(case) == [("gates", EffectOutcome.DONE), ("rollback", EffectOutcome.DONE)]
    assert made.cluster.undos.calls <= 2
    assert made.numbers() == 3, "what ran, the bad release, and one rollback"


@pytest.mark.parametrize("port", ["configuration", "rights"])
def test_killed_while_it_looks(port: str) -> None:
    made = world()
    made.deploy(BAD)
    made.run_until(Phase.PROGRESSING, Phase.WATCHING, within=60)
    troubles = made.rights.reads if port == "rights" else made.configuration.reads
    troubles.crash_after(1, made=False)
    kill_during(made, lambda: made.run_until(Phase.ROLLED_BACK, within=300), gap=20)
    case = made.run_until(Phase.ROLLED_BACK, within=600)
    assert steps(case) == [("gates", EffectOutcome.DONE), ("rollback", EffectOutcome.DONE)]
