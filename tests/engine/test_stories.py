"""The stories people tell of the product, played in memory with the real engine and a turned clock."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.assessment import Attribution, Verdict
from daemon.core.case.case import Phase
from daemon.core.model import Alert, Change
from daemon.core.policy import Mode
from daemon.ports import Unavailable
from tests.engine.bad_release import BAD, bad_release
from tests.engine.world import POLICY, REF, World, traffic


def test_a_first_start_adopts_what_runs_and_does_nothing() -> None:
    world = World(errors={"v1.0.0": 0.5}).settled()
    world.run(900)
    case = world.newest()
    assert case is not None
    assert (case.spec.change, case.phase, case.status.proven) == (Change.ADOPTED, Phase.HEALTHY, False)
    assert (len(world.store.cases()), world.numbers()) == (1, 1)


def test_a_healthy_release_is_watched_and_proven() -> None:
    world = World().settled()
    world.deploy("v1.0.1")
    case = world.run_until(Phase.WATCHING, within=60)
    case = world.run_until(Phase.HEALTHY, within=700)
    assert case.status.proven
    assert (case.spec.change, world.tag(), world.sink.deliveries) == (Change.IMAGE, "v1.0.1", ())


@pytest.mark.parametrize("rate", [0.2, 0.5, 1.0])
def test_a_bad_release_is_rolled_back_and_its_recovery_proven(rate: float) -> None:
    world = bad_release(rate)
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3)
    assert case.status.verification is not None
    assert case.status.verification.recovered
    stages = [incident.stage for incident in world.sink.deliveries]
    assert (stages[0], stages[-1], stages.count("opened"), stages.count("closed")) == (
        "opened",
        "closed",
        1,
        1,
    )
    assert world.sink.incidents[case.uid].title == "GL-006 ROLLBACK COMPLETED"
    world.run(700)
    assert world.newest() == case, "the rollback itself opens no case"


def test_a_rollout_that_is_replaced_is_superseded() -> None:
    world = World().settled()
    world.deploy("v1.0.1")
    world.run(30)
    world.deploy("v1.0.2")
    world.run(10)
    phases = {c.spec.revision.tag: c.phase for c in world.store.cases()}
    assert phases["v1.0.1"] is Phase.SUPERSEDED
    assert phases["v1.0.2"] in (Phase.PROGRESSING, Phase.WATCHING)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (FaultKind.CRASH, "CrashLoopBackOff"),
        (FaultKind.OOM, "OOMKilled"),
        (FaultKind.IMAGE_MISSING, "not found"),
        (FaultKind.UNREADY, "ProgressDeadlineExceeded"),
        (FaultKind.CONFIG_ERROR, "CreateContainerConfigError"),
    ],
)
def test_a_rollout_that_cannot_start_is_rolled_back(kind: FaultKind, word: str) -> None:
    world = World(faults={BAD: Fault(kind=kind)}).settled()
    world.deploy(BAD)
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    assert case.status.assessment is not None
    assert word in case.status.assessment.reason
    assert world.tag() == "v1.0.0"


def test_pods_that_find_no_node_are_nobodys_fault() -> None:
    world = World(faults={BAD: Fault(kind=FaultKind.UNSCHEDULABLE)}).settled()
    world.deploy(BAD)
    case = world.run_until(Phase.HELD, within=400)
    assert "find no node" in case.status.reason
    world.run(900)
    assert world.tag() == BAD


def test_old_pods_that_fail_alike_hold_the_rollback() -> None:
    world = World().settled()
    world.metrics.serve(REF, traffic(50.0, base=0.3))
    world.run(1)
    world.deploy("v1.0.1")
    world.run(30)
    case = world.newest()
    assert case is not None
    assert case.phase is not Phase.ROLLED_BACK
    world.run(300)
    case = world.newest()
    assert case is not None
    assert world.tag() == "v1.0.1", case.status.reason
    assert case.status.assessment is not None
    assert case.status.assessment.attribution is not Attribution.DEPLOYMENT


def test_a_restart_is_recognised_and_scaling_is_no_rollout() -> None:
    world = World().settled()
    world.cluster.scale(REF, 5)
    world.run(30)
    world.cluster.pause(REF)
    world.run(10)
    world.cluster.resume(REF)
    world.run(10)
    assert len(world.store.cases()) == 1
    world.cluster.restart(REF)
    world.run(10)
    case = world.newest()
    assert case is not None
    assert case.spec.change is Change.RESTART


def test_an_undo_by_somebody_else_is_recognised_and_supersedes() -> None:
    world = World().settled()
    world.deploy("v1.0.1")
    world.run(60)
    world.cluster.undo_by_somebody(REF)
    world.run(5)
    case = world.newest()
    assert case is not None
    assert (case.spec.change, case.spec.revision.tag) == (Change.UNDO, "v1.0.0")
    assert Phase.SUPERSEDED in {c.phase for c in world.store.cases()}


def test_the_bad_release_deployed_again_is_judged_again() -> None:
    world = bad_release()
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(60)
    world.deploy(BAD)
    world.run(5)
    assert world.newest().spec.change is Change.UNDO  # type: ignore[union-attr]
    world.run_until(Phase.ROLLED_BACK, within=300)
    assert world.tag() == "v1.0.0"


def test_a_decisive_alert_rolls_back_and_another_does_not() -> None:
    policy = msgspec.structs.replace(POLICY, decisive_alerts=("ValidationFailures",))
    world = World(policy=policy).settled()
    world.deploy("v1.0.1")
    world.run(30)
    assert world.daemon is not None

    began = world.clock.now()

    def fire(name: str, status: Literal["firing", "resolved"] = "firing") -> None:
        alert = Alert(
            fingerprint=name,
            name=name,
            starts_at=began,
            status=status,
            labels={"namespace": REF.namespace, "app": REF.name},
        )
        world.daemon.engine.deliver([alert])  # type: ignore[union-attr]
        world.run(5)

    fire("HighLatency")
    assert world.newest().status.alerts[0].name == "HighLatency"  # type: ignore[union-attr]
    assert world.newest().phase is Phase.WATCHING  # type: ignore[union-attr]
    fire("ValidationFailures")
    world.run_until(Phase.VERIFYING, within=200)
    world.run(120)
    case = world.run_until(Phase.VERIFYING, within=1)
    assert case.status.verification is not None
    assert "still firing: ValidationFailures" in case.status.verification.missing
    fire("ValidationFailures", "resolved")
    world.run_until(Phase.ROLLED_BACK, within=30)


def test_a_deployment_deleted_in_the_middle_closes_its_case() -> None:
    world = bad_release()
    world.run(3)
    case = world.newest()
    assert case is not None
    world.cluster.delete(REF)
    world.run(10)
    case = world.store.get(case.namespace, case.name)
    assert case.phase is Phase.SUPERSEDED
    assert "was deleted" in case.status.reason


@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.WATCHING, Phase.ROLLING_BACK, Phase.VERIFYING])
def test_an_api_server_gone_for_a_minute_loses_nothing(phase: Phase) -> None:
    world = bad_release(0.5 if phase is not Phase.WATCHING else 0.08, rps=20.0)
    world.run_until(phase, within=200)
    gone = Unavailable("the API server does not answer: connection refused")
    world.cluster.fail_reads(gone)
    world.cluster.undos.fail(gone)
    world.store.reads.fail(gone)
    world.store.writes.fail(gone)
    world.run(60)
    world.cluster.fail_reads(None)
    world.cluster.undos.fail(None)
    world.store.reads.fail(None)
    world.store.writes.fail(None)
    world.run_until(Phase.ROLLED_BACK, within=900)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3)


def test_a_paused_deployment_is_held() -> None:
    world = bad_release()
    world.run_until(Phase.WATCHING, within=100)
    if world.tag() == BAD:
        world.cluster.pause(REF)
    case = world.run_until(Phase.HELD, within=200)
    assert "paused" in case.status.reason


def test_errors_of_an_earlier_life_of_the_same_template_do_not_count() -> None:
    """A ReplicaSet that is used again was made long ago; only what came since its return is evidence."""
    world = World(errors={BAD: 0.5})
    world.run(600, step=15.0)
    world.deploy(BAD)
    world.run(120, step=5.0)
    world.deploy("v1.0.0")
    world.metrics.serve(REF, traffic(5.0))
    world.run(60, step=5.0)
    world.start()
    world.run(5)
    world.deploy(BAD)
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=700)
    assert (case.spec.change, world.tag()) == (Change.UNDO, BAD)


def test_a_failed_revision_is_not_a_valid_baseline_for_the_next() -> None:
    """The comparison is with the last release that was found healthy."""
    world = World(
        errors={BAD: 0.5, "v1.2.0": 0.5}, policy=msgspec.structs.replace(POLICY, mode=Mode.APPROVAL)
    ).settled()
    world.deploy(BAD)
    world.run(3)
    world.run_until(Phase.AWAITING_APPROVAL, within=200)
    world.run(120)
    world.deploy("v1.2.0")
    world.run(3)
    case = world.run_until(Phase.AWAITING_APPROVAL, within=200)
    assert (case.spec.revision.tag, case.spec.baseline and case.spec.baseline.tag) == ("v1.2.0", "v1.0.0")


def test_a_bad_release_over_a_rollback_under_way_is_rolled_back_as_well() -> None:
    world = World(errors={BAD: 0.5, "v1.2.0": 0.5}, rps=20.0).settled()
    world.deploy(BAD)
    world.run(3)
    world.run_until(Phase.ROLLING_BACK, within=200)
    world.deploy("v1.2.0")
    world.run(3)
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert (case.spec.revision.tag, world.tag()) == ("v1.2.0", "v1.0.0")


def test_a_degraded_release_is_kept_and_told() -> None:
    world = bad_release(0.035, rps=50.0, base=0.005)
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=700)
    assert (case.status.verdict, case.status.proven, world.tag()) == (Verdict.DEGRADED, False, BAD)
    assert [i.title for i in world.sink.deliveries] == ["GL-006 RELEASE DEGRADED"]
    assert "degraded but not failing" in case.status.reason
