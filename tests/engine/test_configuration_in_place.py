"""A ConfigMap that is edited in place, with no rollout: judged, restored or held, and nobody overwritten."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case import incident
from daemon.core.case.case import Phase
from daemon.core.case.guards.pause import PAUSE
from daemon.core.case.runbook import runbook
from daemon.core.model import Change
from daemon.core.policy import ConfigurationChoice, GateChoice, Mode
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.configuration_content import LARGEST
from daemon.ports import Denied, Rejected, Unavailable
from daemon.presentation.case_views import summary
from tests.engine.mounted import CONFIG, ENDS, Mounted, world
from tests.engine.world import REF

RESTORED = [("restore-configuration", "done")]


def test_a_bad_edit_is_undone_and_the_recovery_proven() -> None:
    made = world()
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert case.spec.change is Change.CONFIGURATION
    assert (made.steps(), made.holds()) == (RESTORED, "good")
    assert made.numbers() == 1, "nothing was rolled out"
    assert case.status.verification is not None
    assert all(condition.holds for condition in case.status.verification.conditions)
    made.run(300)
    assert len(made.store.cases()) == 2, "what was restored is no change of its own"


def test_what_is_checked_before_a_plan_is_checked_before_this_one() -> None:
    made = world()
    made.policy = replace(made.policy, gates=GateChoice.HOLD)
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.steps() == [("gates", "done"), *RESTORED]


def test_a_person_who_keeps_the_daemon_still_is_minded() -> None:
    made = world()
    made.cluster.annotate(REF, PAUSE, "true")
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.HELD
    assert "guard pause" in case.status.reason
    assert made.holds() == "bad"


def test_it_is_told_in_words_of_its_own_and_never_what_it_holds() -> None:
    made = world()
    made.edit("a secret that nobody may read")
    made.rates = {"a secret that nobody may read": 0.3}
    case = made.until(Phase.ROLLED_BACK)
    assert summary(case).subject == f"ConfigMap {CONFIG.name} changed"
    said = incident.message(case, made.policy, made.clock.now())
    assert said.startswith("GL-006 CONFIGURATION RESTORED\n")
    assert f"Changed: ConfigMap {CONFIG.name} was changed by kubectl at" in said
    assert f"Key by Key:\n  - ConfigMap {CONFIG.name}, key key: changed\n" in said
    assert "Rollback" not in said
    assert "secret that nobody" not in f"{case}{said}{[i.message for i in made.sink.deliveries]}"


def test_an_edit_that_does_no_harm_is_left_alone_and_proven() -> None:
    made = world()
    made.edit("other")
    case = made.until(*ENDS)
    assert case.phase is Phase.HEALTHY, case.status.reason
    assert case.status.proven
    assert (made.holds(), made.steps()) == ("other", [])
    made.edit()
    made.until(Phase.ROLLED_BACK)
    assert made.holds() == "other", "what was found healthy last is what is good"


def test_by_default_it_holds_with_the_commands() -> None:
    made = world(ConfigurationChoice.HOLD)
    made.policy = replace(made.policy, gates=GateChoice.HOLD)
    made.edit()
    case = made.until(*ENDS)
    assert case.phase is Phase.HELD
    assert "policy.configuration is hold" in case.status.reason
    [line] = runbook(case, made.policy)
    assert line.commands[-1] == f"kubectl edit configmap {CONFIG.name} -n {REF.namespace}"
    made.instruct(case, "approve")
    made.run(5)
    [case] = made.in_place()
    assert case.phase is Phase.HELD, "there is no copy, so that an approval can do nothing"
    assert "nothing is done: held, policy.configuration is hold" in case.status.timeline[-1].text
    assert (made.holds(), made.steps()) == ("bad", [])


def test_whoever_puts_it_back_by_hand_ends_the_case_and_no_recovery_is_claimed() -> None:
    made = world(ConfigurationChoice.HOLD)
    made.edit()
    made.until(Phase.HELD)
    made.edit("good")
    case = made.until(Phase.SUPERSEDED)
    assert "was put back by kubectl" in case.status.reason
    assert made.sink.deliveries[-1].stage == "closed"
    made.run(300)
    assert len(made.in_place()) == 1, "what it ran with before is no change"
    made.edit()
    made.until(Phase.HELD)
    assert len(made.in_place()) == 2, "and the same bad edit is one again"


def test_where_policy_ignores_it_there_is_no_case() -> None:
    made = world(ConfigurationChoice.IGNORE)
    made.edit()
    made.run(600)
    assert made.in_place() == []


@pytest.mark.parametrize("mode", [Mode.APPROVAL, Mode.ADVISE])
def test_it_waits_for_a_person_where_policy_says_so(mode: Mode) -> None:
    made = world()
    made.policy = replace(made.policy, mode=mode)
    made.edit()
    case = made.until(Phase.AWAITING_APPROVAL, Phase.ADVISED)
    assert f"restore the configuration of {case.spec.revision}" in case.status.reason
    assert made.holds() == "bad"
    made.instruct(case, "approve")
    case = made.until(Phase.ROLLED_BACK, Phase.UNRECOVERED)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.holds() == "good"


def test_somebody_who_edits_again_is_judged_anew() -> None:
    made = world()
    made.edit("other")
    made.until(Phase.WATCHING)
    made.edit("another")
    made.until(Phase.HEALTHY)
    first, second = made.in_place()
    assert first.phase is Phase.SUPERSEDED
    assert "was changed again by kubectl" in first.status.reason
    assert first.spec.configuration[0].before == second.spec.configuration[0].before
    assert second.status.proven


def test_somebody_who_edits_in_the_middle_of_it_is_not_overwritten() -> None:
    made = world()
    made.configuration.restores.fail_next(3, Unavailable("the API server does not answer"))
    made.edit()
    made.until(Phase.ROLLING_BACK)
    made.edit("by hand")
    made.run(300)
    assert made.holds() == "by hand"
    first = made.in_place()[0]
    assert first.phase is Phase.SUPERSEDED, first.status.reason
    assert made.steps() == [("restore-configuration", "superseded")]
    assert len(made.in_place()) == 2, "what was written by hand is judged as a change of its own"


def test_a_rollout_takes_over_and_its_own_case_restores_both() -> None:
    made = world()
    made.edit()
    made.until(Phase.PROGRESSING)
    made.errors["v1.1.0"] = 0.3
    made.deploy("v1.1.0")
    made.run(5)
    assert made.in_place()[0].phase is Phase.SUPERSEDED
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, within=600)
    assert not case.spec.in_place
    assert made.holds() in ("good", "bad")


def test_a_fight_over_the_content_ends_after_a_few_rounds() -> None:
    made = world()
    made.policy = replace(made.policy, baseline_window=120.0)
    for number in range(1, made.policy.max_rollbacks + 1):
        made.edit()
        made.run(90)
        made.until(Phase.ROLLED_BACK)
        assert len(made.in_place()) == number
        made.run(150)
    made.edit()
    made.run(90)
    case = made.until(*ENDS)
    assert case.phase is Phase.HELD
    assert "rollbacks of this workload in 24 hours are enough" in case.status.reason
    assert made.holds() == "bad"


# ------------------------------------------------------------ what cannot be restored


def held(made: Mounted) -> str:
    case = made.until(*ENDS)
    assert case.phase is Phase.HELD, f"{case.phase}: {case.status.reason}"
    return case.status.reason


def test_without_a_copy_it_holds() -> None:
    made = world()
    made.configuration.lose_copies()
    made.edit()
    assert f"the daemon has no copy of what ConfigMap {CONFIG.name} held" in held(made)


def test_what_is_too_large_is_held_for() -> None:
    made = Mounted(template=world().template, rps=50.0, policy=world().policy)
    made.edit("x" * LARGEST)
    made.cluster.restart(REF)
    made.settled()
    made.run(90)
    made.edit()
    assert "and no more than 524288 are kept" in held(made)


def test_one_that_was_made_anew_as_immutable_is_held_for() -> None:
    made = world()
    made.configuration.remove(REF.namespace, CONFIG)
    made.configuration.write(REF.namespace, CONFIG, immutable=True, broken=True)
    made.until(Phase.WATCHING)
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    assert f"ConfigMap {CONFIG.name} is immutable and was made anew" in held(made)


def test_where_it_may_not_be_read_nothing_is_opened_and_that_is_said() -> None:
    made = world()
    made.configuration.reads.fail(Denied("configmaps is forbidden; grant this in the Role"))
    made.edit()
    made.run(300)
    assert made.in_place() == []
    assert made.daemon is not None
    [said] = [text for text in made.daemon.views.problems() if CONFIG.name in text]
    assert "whether it is changed in place is not known: configmaps is forbidden" in said


def test_where_the_case_cannot_be_stored_that_is_said_and_the_rest_goes_on() -> None:
    made = world()
    refusal = Rejected('spec.change: Unsupported value: "configuration"')
    made.store.writes.fail(refusal)
    made.edit()
    made.run(90)
    assert made.daemon is not None
    [said] = [text for text in made.daemon.views.problems() if CONFIG.name in text]
    assert "cannot be recorded" in said
    assert "helm/rollbackd/crds" in said
    made.store.writes.fail(None)
    assert made.until(*ENDS).phase is Phase.ROLLED_BACK


def test_a_write_that_changes_no_content_is_no_change() -> None:
    made = world()
    made.edit("good")
    made.run(300)
    assert made.in_place() == []


def test_another_config_map_of_the_namespace_is_nobodys() -> None:
    made = world()
    made.configuration.write(REF.namespace, Reference(kind="ConfigMap", name="unrelated"), value="bad")
    made.run(300)
    assert made.in_place() == []
