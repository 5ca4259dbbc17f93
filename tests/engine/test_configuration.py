"""A configuration that was broken in place: what stands still proves nothing of the next pod."""

from __future__ import annotations

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Phase
from daemon.core.rollout_facts.configuration import Reference
from daemon.ports import Denied
from tests.engine.world import IMAGE, REF, World

CONFIG = Reference(kind="ConfigMap", name="gl-006-heatreclaim-config")
NAME = "configuration as the pods started with"


def template() -> dict[str, object]:
    made = simple_template(REF.name, f"{IMAGE}:v1.0.0")
    made["spec"]["volumes"] = [{"name": "config", "configMap": {"name": CONFIG.name}}]
    return made


def world() -> World:
    made = World(template=template(), rps=50.0)
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
