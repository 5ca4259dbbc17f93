"""A configuration that was broken in place: what stands still proves nothing of the next pod."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Case, Phase
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.configuration_content import LARGEST
from daemon.ports import Denied, Rejected, Unavailable
from tests.engine.world import IMAGE, POLICY, REF, World

CONFIG = Reference(kind="ConfigMap", name="gl-006-heatreclaim-config")
NAME = "configuration as the pods started with"


def template() -> dict[str, object]:
    made = simple_template(REF.name, f"{IMAGE}:v1.0.0")
    made["spec"]["volumes"] = [{"name": "config", "configMap": {"name": CONFIG.name}}]
    return made


def world(choice: ConfigurationChoice = ConfigurationChoice.IGNORE) -> World:
    made = World(template=template(), rps=50.0, policy=replace(POLICY, configuration=choice))
    made.configuration.write(REF.namespace, CONFIG)
    # Pods that were made before it was there have waited for it, as far as the twin goes.
    made.cluster.restart(REF)
    return made.settled()


def test_a_config_map_broken_in_place_and_a_restart_are_not_recovered_by_an_undo() -> None:
    world_ = world()
    world_.configuration.write(REF.namespace, CONFIG, broken=True)
    world_.cluster.restart(REF)
    case = world_.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert "ConfigMap gl-006-heatreclaim-config was changed" in case.status.reason
    assert "no pod has started since the rollback" in case.status.reason


def test_a_pod_that_starts_well_after_the_rollback_proves_the_recovery() -> None:
    world_ = world()
    world_.configuration.write(REF.namespace, CONFIG, broken=True)
    world_.cluster.restart(REF)
    world_.run_until(Phase.VERIFYING, within=300)
    world_.configuration.write(REF.namespace, CONFIG)
    workload = world_.cluster.workload(REF)
    assert workload is not None
    world_.cluster.accidents.remove_pod(REF, workload.live[0].name)
    case = world_.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=300)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_with_nothing_changed_the_pods_that_stand_are_proof_enough() -> None:
    world_ = world()
    world_.cluster.restart(REF)
    world_.run(30)
    world_.run_until(Phase.HEALTHY, within=900)
    world_.faults_of("v1.1.0-crash")
    world_.deploy("v1.1.0-crash")
    case = world_.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert case.status.verification is not None
    [found] = [c for c in case.status.verification.conditions if c.name == NAME]
    assert found.detail == "unchanged since they started: ConfigMap gl-006-heatreclaim-config"


def test_where_it_may_not_be_read_nothing_is_claimed() -> None:
    world_ = world()
    world_.faults_of("v1.1.0-crash")
    world_.configuration.reads.fail(Denied("configmaps is forbidden; grant this in the Role"))
    world_.deploy("v1.1.0-crash")
    case = world_.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert case.phase is Phase.UNRECOVERED
    assert "is not known: configmaps is forbidden" in case.status.reason


def broken(choice: ConfigurationChoice) -> World:
    """The configuration was broken in place, and somebody restarted the Deployment."""
    made = world(choice)
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.cluster.restart(REF)
    return made


def steps(case: Case) -> list[tuple[str, str]]:
    return [(e.kind, e.outcome.value if e.outcome else "") for e in case.status.effects if e.is_step]


RESTORED = [("restore-configuration", "done"), ("rollback", "done"), ("restart", "done")]


def test_content_and_template_are_restored_in_one_plan_and_pods_pick_it_up() -> None:
    made = broken(ConfigurationChoice.RESTORE)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert steps(case) == RESTORED
    assert made.configuration.holds(REF.namespace, CONFIG) == "good"
    assert case.status.verification is not None
    [found] = [c for c in case.status.verification.conditions if c.name == NAME]
    assert "started after the rollback, and is well" in found.detail
    made.run(120)
    assert len(made.store.cases()) == 2, "the daemon's own restart opens no case"


def test_by_default_it_holds_and_says_who_changed_what() -> None:
    made = broken(Policy().configuration)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.HELD
    assert "ConfigMap gl-006-heatreclaim-config was changed by kubectl at" in case.status.reason
    assert (steps(case), made.configuration.copies) == ([], 0)


def test_what_is_approved_under_hold_is_the_template_alone() -> None:
    made = broken(ConfigurationChoice.HOLD)
    case = made.run_until(Phase.HELD, within=900)
    made.configuration.write(REF.namespace, CONFIG, value="mended")
    made.instruct(case, "approve")
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert steps(case) == [("rollback", "done")]
    assert made.configuration.holds(REF.namespace, CONFIG) == "mended"


def test_somebody_who_edits_in_between_is_not_overwritten() -> None:
    made = broken(ConfigurationChoice.RESTORE)
    made.run(2)
    number = made.numbers()
    made.configuration.restores.fail_next(2, Unavailable("the API server does not answer"))
    made.run_until(Phase.ROLLING_BACK, within=300)
    made.configuration.write(REF.namespace, CONFIG, value="by hand")
    case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.HELD, case.status.reason
    assert "was changed by kubectl at" in case.status.reason
    assert "nothing of the plan was done" in case.status.reason
    assert [outcome for _, outcome in steps(case)] == ["superseded"] * 3
    assert (made.configuration.holds(REF.namespace, CONFIG), made.numbers()) == ("by hand", number)
    made.instruct(case, "approve")
    case = made.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert made.configuration.holds(REF.namespace, CONFIG) == "by hand", "nor when it is approved"
    assert steps(case)[3:] == [("rollback", "done")]


def test_what_is_half_done_is_said_to_be() -> None:
    made = broken(ConfigurationChoice.RESTORE)
    made.cluster.undos.fail_next(1, Rejected("the template is not accepted"))
    case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, Phase.UNRECOVERED, within=300)
    assert case.phase is Phase.HELD
    assert "half-done: restoring ConfigMap gl-006-heatreclaim-config was done, " in case.status.reason
    assert "the rollback, the restart was not done; nothing further is done" in case.status.reason
    assert [outcome for _, outcome in steps(case)] == ["done", "refused", "superseded"]


def test_a_deleted_config_map_is_made_again() -> None:
    made = world(ConfigurationChoice.RESTORE)
    made.configuration.remove(REF.namespace, CONFIG)
    made.faults_of("v1.1.0-crash")
    made.deploy("v1.1.0-crash")
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert "make ConfigMap gl-006-heatreclaim-config again" in " ".join(e.text for e in case.status.timeline)
    assert made.configuration.holds(REF.namespace, CONFIG) == "good"


def test_without_a_copy_the_backup_is_the_last_resort_and_said_to_be_one() -> None:
    made = broken(ConfigurationChoice.RESTORE)
    made.configuration.lose_copies()
    backup = Reference(kind="ConfigMap", name=f"{CONFIG.name}-backup")
    made.configuration.write(REF.namespace, backup, value="older")
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.configuration.holds(REF.namespace, CONFIG) == "older"
    assert "it is not known that revision" in " ".join(e.text for e in case.status.timeline)


def test_without_copy_and_backup_it_holds() -> None:
    made = broken(ConfigurationChoice.RESTORE)
    made.configuration.lose_copies()
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.HELD
    assert "the daemon has no copy of what ConfigMap gl-006-heatreclaim-config held" in case.status.reason


def test_what_is_too_large_is_held_for() -> None:
    made = World(template=template(), policy=replace(POLICY, configuration=ConfigurationChoice.RESTORE))
    made.configuration.write(REF.namespace, CONFIG, value="x" * LARGEST)
    made.cluster.restart(REF)
    made.settled()
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.cluster.restart(REF)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.HELD
    assert "and no more than 524288 are kept" in case.status.reason


def test_an_edit_that_fits_what_ran_before_is_no_change() -> None:
    made = world(ConfigurationChoice.RESTORE)
    made.configuration.write(REF.namespace, CONFIG, value="other")
    made.configuration.write(REF.namespace, CONFIG, value="good")
    made.faults_of("v1.1.0-crash")
    made.deploy("v1.1.0-crash")
    case = made.run_until(Phase.VERIFYING, Phase.UNRECOVERED, Phase.HELD, within=900)
    assert steps(case) == [("rollback", "done")]


def test_an_edit_during_the_watch_leaves_open_which_content_is_good() -> None:
    made = world(ConfigurationChoice.RESTORE)
    made.deploy("v1.1.0")
    made.run(60)
    made.configuration.write(REF.namespace, CONFIG, value="other")
    case = made.run_until(Phase.HEALTHY, within=1200)
    [content] = case.status.contents
    assert "was changed during the watch" in content.problem
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.cluster.restart(REF)
    case = made.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, Phase.HELD, within=900)
    assert case.phase is Phase.HELD
    assert "which content is good is not known" in case.status.reason


def test_copies_go_with_their_cases() -> None:
    made = world(ConfigurationChoice.RESTORE)
    made.policy = replace(made.policy, keep=2, watch=30.0)
    for number in range(1, 6):
        made.configuration.write(REF.namespace, CONFIG, value=f"content {number}")
        made.deploy(f"v1.{number}.0")
        made.run_until(Phase.HEALTHY, within=300)
        made.run(5)
        made.resync()
    kept = {content.digest for case in made.store.cases() for content in case.status.contents if content.kept}
    assert made.configuration.copies == len(kept) <= 3
