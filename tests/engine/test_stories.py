"""The stories people tell of the product, played in memory with the real engine and a turned clock."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.assessment import Attribution, Verdict
from daemon.core.case.case import EffectOutcome, Phase
from daemon.core.case.incident import Incident
from daemon.core.model import Alert, Change
from daemon.core.policy import Mode
from daemon.ports import Denied, Unavailable
from tests.engine.world import POLICY, REF, World, traffic

BAD = "v1.1.0-bad"


def bad_release(rate: float = 0.2, **world: object) -> World:
    """A world in which a release with this error rate was just deployed."""
    made = World(errors={BAD: rate}, **world).settled()  # type: ignore[arg-type]
    made.deploy(BAD)
    return made


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


def test_no_traffic_is_neither_failure_nor_health() -> None:
    world = World().settled()
    world.metrics.no_traffic(REF)
    world.run(120)
    world.deploy("v1.0.1")
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=700)
    assert not case.status.proven
    assert "no requests" in case.status.reason


@pytest.mark.parametrize("when", [0, 5, 60])
def test_a_monitoring_outage_rolls_nothing_back(when: int) -> None:
    world = World().settled()
    world.deploy("v1.0.1")
    world.run(when or 0.0)
    world.metrics.outage(True, "Prometheus answered 503")
    world.run(5)
    case = world.run_until(Phase.HEALTHY, within=800)
    assert not case.status.proven
    assert "503" in case.status.reason
    assert world.tag() == "v1.0.1"


def test_a_bad_release_is_found_when_the_monitoring_is_back() -> None:
    world = bad_release()
    world.metrics.outage(True)
    world.run(200)
    assert world.newest().phase is Phase.WATCHING  # type: ignore[union-attr]
    world.metrics.outage(False)
    world.run_until(Phase.ROLLED_BACK, within=200)


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


def test_metrics_that_stay_bad_after_the_rollback_are_unrecovered() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.ROLLING_BACK, within=100)
    world.metrics.serve(REF, traffic(5.0, base=0.5))
    case = world.run_until(Phase.UNRECOVERED, within=300)
    assert "not the cause" in case.status.reason
    world.run(900)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3), "it never rolls back further"


def test_without_fresh_traffic_no_recovery_is_claimed() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.ROLLING_BACK, within=100)
    world.metrics.no_traffic(REF)
    case = world.run_until(Phase.UNRECOVERED, within=700)
    assert "could not be proven" in case.status.reason


def test_an_unhealthy_endpoint_is_no_recovery() -> None:
    world = bad_release(0.5)
    world.health.break_path("/health", "v1.0.0")
    case = world.run_until(Phase.UNRECOVERED, within=800)
    assert "/health" in case.status.reason


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


def test_too_many_rollbacks_in_a_day_are_held() -> None:
    world = bad_release(0.5, policy=msgspec.structs.replace(POLICY, max_rollbacks=1))
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.deploy(BAD)
    world.run(5)
    case = world.run_until(Phase.HELD, within=300)
    assert "1 rollbacks" in case.status.reason
    assert world.tag() == BAD


def test_advise_says_what_it_would_do() -> None:
    world = bad_release(policy=msgspec.structs.replace(POLICY, mode=Mode.ADVISE))
    case = world.run_until(Phase.ADVISED, within=300)
    assert "would return to revision 1 (v1.0.0)" in case.status.reason
    assert (world.tag(), world.numbers()) == (BAD, 2)


def test_approval_waits_for_a_person() -> None:
    world = bad_release(policy=msgspec.structs.replace(POLICY, mode=Mode.APPROVAL))
    case = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    world.run(60)
    assert world.tag() == BAD
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert any("approved by anna" in entry.text for entry in case.status.timeline)


def test_a_person_can_hold_and_then_approve() -> None:
    world = bad_release()
    world.run(2)
    case = world.newest()
    assert case is not None
    world.instruct(case, "hold")
    world.run(120)
    assert world.tag() == BAD
    case = world.run_until(Phase.HELD, within=1)
    world.instruct(case, "approve")
    world.run_until(Phase.ROLLED_BACK, within=300)


def test_without_a_known_good_revision_it_holds() -> None:
    world = World(errors={BAD: 0.5}).settled()
    for revision in world.cluster.workload(REF).revisions:  # type: ignore[union-attr]
        world.deploy(BAD)
        world.run(1)
        for case in world.store.cases():
            if case.spec.revision == revision:
                world.store.delete(case)
    case = world.run_until(Phase.HELD, within=300)
    assert "never judged" in case.status.reason


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


FORBIDDEN = Denied("not allowed to patch deployments in greenlang: grant it in the Role")
IMPATIENT = msgspec.structs.replace(POLICY, rollback_deadline=180.0)


def test_a_rollback_that_is_not_allowed_is_said_and_made_as_soon_as_it_is() -> None:
    world = bad_release(0.5)
    world.cluster.undos.fail(FORBIDDEN)
    world.run_until(Phase.ROLLING_BACK, within=200)
    world.run(5)
    told = len(world.sink.deliveries)
    assert "grant it" in world.sink.deliveries[-1].reason
    world.run(195)
    case = world.run_until(Phase.ROLLING_BACK, within=1)
    assert "grant it" in case.status.reason
    assert len(world.sink.deliveries) == told, "said once"
    assert world.cluster.undos.calls < 6, "at a slower pace"
    assert world.daemon is not None
    assert any("grant it" in problem for problem in world.daemon.views.problems())
    world.cluster.undos.fail(None)
    world.run_until(Phase.ROLLED_BACK, within=200)
    assert not any("grant it" in problem for problem in world.daemon.views.problems())


def test_a_rollback_that_was_never_allowed_is_held_with_the_reason() -> None:
    world = bad_release(0.5, policy=IMPATIENT)
    world.cluster.undos.fail(FORBIDDEN)
    case = world.run_until(Phase.HELD, within=400)
    assert "grant it" in case.status.reason
    assert "then approve" in case.status.reason
    world.run(120)
    assert world.tag() == BAD
    world.cluster.undos.fail(None)
    world.instruct(case, "approve")
    world.run_until(Phase.ROLLED_BACK, within=200)


@pytest.mark.parametrize("what", ["rollback", "sink"])
def test_a_token_that_is_not_known_for_a_moment_costs_a_moment(what: str) -> None:
    world = bad_release(0.5)
    troubles = world.cluster.undos if what == "rollback" else world.sink.troubles
    troubles.fail_next(1, Unavailable("Unauthorized: the API server does not know us"))
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(60)
    assert {e.outcome for e in world.store.cases()[-1].status.effects} == {EffectOutcome.DONE}


def test_a_sink_that_forbids_delays_no_rollback_and_is_told_when_it_allows() -> None:
    world = bad_release(0.5)
    world.sink.troubles.fail(Denied("the tracker answers 403: its key is not active"))
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert sum("its key is not active" in entry.text for entry in case.status.timeline) == 1
    assert world.daemon is not None
    assert any("its key is not active" in problem for problem in world.daemon.views.problems())
    world.sink.troubles.fail(None)
    world.run(200)
    assert not world.store.get(case.namespace, case.name).pending
    stages = [incident.stage for incident in world.sink.deliveries]
    assert (stages[0], stages[-1]) == ("opened", "closed")


class Defective:
    """A sink with a defect of its own, once."""

    name = "memory"

    def __init__(self) -> None:
        self.calls = 0

    def publish(self, incident: Incident) -> str:
        self.calls += 1
        if self.calls == 1:
            raise KeyError("contact")
        return f"told {incident.title}"


def test_a_sink_with_a_defect_is_logged_with_the_case_and_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = bad_release(0.5)
    world.restart(sink=Defective())
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(30)
    case = world.store.cases()[-1]
    assert {e.outcome for e in case.status.effects} == {EffectOutcome.DONE}
    (record,) = [r for r in caplog.records if "KeyError('contact')" in r.getMessage()]
    assert record.exc_info is not None
    assert case.name in str(record.__dict__)


def test_a_paused_deployment_is_held() -> None:
    world = bad_release()
    world.run_until(Phase.WATCHING, within=100)
    if world.tag() == BAD:
        world.cluster.pause(REF)
    case = world.run_until(Phase.HELD, within=200)
    assert "paused" in case.status.reason


def test_a_sink_that_is_down_delays_no_rollback_and_hears_of_it_later() -> None:
    world = bad_release()
    world.sink.troubles.fail(Unavailable("the tracker answers 503"))
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert len(world.sink.deliveries) == 0
    assert case.pending
    world.sink.troubles.fail(None)
    world.run(90)
    case = world.store.get(case.namespace, case.name)
    assert not case.pending
    assert {e.outcome for e in case.status.effects} == {EffectOutcome.DONE}
    stages = [incident.stage for incident in world.sink.deliveries]
    assert stages[0] == "opened"
    assert stages[-1] == "closed"


def test_the_case_is_silent_about_health_it_cannot_know() -> None:
    world = World().settled()
    world.metrics.no_series(REF)
    world.deploy("v1.0.1")
    world.run(60)
    case = world.newest()
    assert case is not None
    assert case.status.verdict is Verdict.UNKNOWN
    assert "no samples of the new pods" in case.status.reason


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


def test_who_holds_a_release_hears_when_it_fails() -> None:
    world = World(errors={BAD: 0.3}, rps=20.0).settled()
    world.deploy(BAD)
    world.run(2)
    case = world.newest()
    assert case is not None
    world.instruct(case, "hold")
    world.run(90)
    case = world.run_until(Phase.HELD, within=1)
    assert case.status.verdict is Verdict.FAILING
    assert "held by anna" in case.status.reason
    assert [i.stage for i in world.sink.deliveries] == ["updated", "opened"]
    assert world.tag() == BAD


def test_a_patch_that_is_never_accepted_is_not_passed_over_in_silence() -> None:
    world = bad_release(0.5, policy=msgspec.structs.replace(POLICY, rollback_deadline=120.0))
    world.cluster.undos.fail(Unavailable("an admission webhook answers 500"))
    case = world.run_until(Phase.UNRECOVERED, within=300)
    assert "could not be applied for 120 s" in case.status.reason
    world.cluster.undos.fail(None)
    world.run(60)
    assert world.tag() == BAD, "a rollback that was given up is not carried out later"


def test_refused_twice_is_told_twice() -> None:
    world = bad_release(0.5, policy=IMPATIENT)
    world.cluster.undos.fail(FORBIDDEN)
    case = world.run_until(Phase.HELD, within=400)
    told = len(world.sink.deliveries)
    world.instruct(case, "approve")
    world.run(5)
    world.run_until(Phase.HELD, within=300)
    assert len(world.sink.deliveries) == told + 2, "of the second attempt, and of its refusal"


def test_no_recovery_is_claimed_from_an_old_picture_of_the_cluster() -> None:
    world = bad_release(0.5)
    world.run_until(Phase.VERIFYING, within=200)
    world.cluster.freeze_watches(True)
    world.run(120)
    world.run_until(Phase.VERIFYING, within=1)
    world.cluster.freeze_watches(False)
    world.run_until(Phase.ROLLED_BACK, within=60)
