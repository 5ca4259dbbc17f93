"""The stories on the real cluster. Each asserts what the cluster, Prometheus, the case, the events and the
incident say; what the daemon claims of itself is only ever a part of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.admission import DelayedPatches
from tests.e2e.app.build import MISSING_TAG
from tests.e2e.app.manifests import NAME
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import ALERT, WATCH
from tests.e2e.daemon import Daemon
from tests.e2e.sentry import LocalSentry
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
RULES = f"""
groups:
  - name: gl006
    interval: 1s
    rules:
      - alert: {ALERT}
        expr: sum by (namespace, app) (increase(gl006_validation_failures_total[10s])) > 1
        annotations: {{summary: validations fail}}
"""
OpenStage = Callable[[str], Stage]


def rolled_back(stage: Stage, tag: str, sentry: LocalSentry) -> dict[str, Any]:
    """Wait for the rollback of a tag, and check everything that everybody says of it."""
    case = stage.wait_phase(tag, "RolledBack", "Unrecovered", "Held")
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    # The cluster: the old template is back under a new number, and nothing else changed it.
    assert stage.tag() == "v1.0.0"
    assert stage.revision() == 3
    assert stage.all_ready_on("v1.0.0")
    # The case: one rollback, done; every condition of the recovery holds.
    acts = [effect for effect in status["effects"] if effect["kind"] == "rollback"]
    assert [act["outcome"] for act in acts] == ["done"]
    assert all(condition["holds"] for condition in status["verification"]["conditions"])
    # Prometheus agrees that it is over.
    healthy = "|".join(pod["metadata"]["name"] for pod in stage.pods())
    wait_for("the error rate to be normal", lambda: (stage.error_rate(healthy) or 0.0) < 0.05)
    # The events stand on the Deployment, the incident was opened once and closed once.
    reasons = [event["reason"] for event in stage.events()]
    assert "RollbackCompleted" in reasons, reasons

    def closed() -> list[dict[str, Any]]:
        found = sentry.events(namespace=stage.namespace)
        return found if found and "COMPLETED" in str(found[-1]) else []

    told = wait_for("the incident to be closed", closed)
    ids = [event["event_id"] for event in told]
    assert len(ids) == len(set(ids)), "an event was delivered twice"
    assert {tuple(event["fingerprint"]) for event in told} == {tuple(told[0]["fingerprint"])}, "one issue"
    for field in ("Bad Version", "Restored Version", "Reason for Rollback", "Verification", "Next Steps"):
        assert field in json.dumps(told[-1]), f"the message lacks {field}"
    return case


def test_a_healthy_release_is_proven_and_left_alone(stage: OpenStage, sentry: LocalSentry) -> None:
    healthy = stage("healthy")
    healthy.release("v1.0.1")
    case = healthy.wait_phase("v1.0.1", "Healthy")
    assert case["status"]["proven"] is True, case["status"]["reason"]
    assert case["spec"]["change"] in ("image", "template")
    assert (healthy.tag(), healthy.revision()) == ("v1.0.1", 2)
    assert (healthy.events(), sentry.events(namespace=healthy.namespace)) == ([], [])


def test_20_percent_errors(stage: OpenStage, sentry: LocalSentry) -> None:
    errors = stage("errors")
    errors.release("v1.1.0-errors")
    case = rolled_back(errors, "v1.1.0-errors", sentry)
    assert "error rate" in case["status"]["assessment"]["reason"]
    bad = case["spec"]["revision"]["replicaSet"]
    assert (errors.error_rate(f"{bad}.*", 120) or 0) > 0.1, "Prometheus did not see what was decided on"


def test_slow_requests(stage: OpenStage, sentry: LocalSentry) -> None:
    slow = stage("slow")
    slow.release("v1.1.0-slow")
    case = rolled_back(slow, "v1.1.0-slow", sentry)
    assert "slower" in case["status"]["assessment"]["reason"]


@pytest.mark.parametrize(
    ("story", "tag", "word"),
    [
        ("crash", "v1.1.0-crash", "CrashLoopBackOff"),
        ("oom", "v1.1.0-oom", "OOMKilled"),
        ("missing", MISSING_TAG, "not found"),
        ("unready", "v1.1.0-unready", "ProgressDeadlineExceeded"),
    ],
)
def test_a_release_that_cannot_start(
    stage: OpenStage, sentry: LocalSentry, story: str, tag: str, word: str
) -> None:
    stuck = stage(story)
    stuck.release(tag)
    case = rolled_back(stuck, tag, sentry)
    assert word in case["status"]["assessment"]["reason"]


def test_a_configuration_that_crashes_the_release(stage: OpenStage, sentry: LocalSentry) -> None:
    config = stage("config")
    config.write_config(f"{NAME}-config-bad", '{"pinch_temperature_kelvin": ')
    config.release("v1.0.1", config_name=f"{NAME}-config-bad")
    rolled_back(config, "v1.0.1", sentry)
    volumes = config.deployment()["spec"]["template"]["spec"]["volumes"]
    assert volumes[0]["configMap"]["name"] == f"{NAME}-config"


def test_a_decisive_alert(stage: OpenStage, sentry: LocalSentry, cluster: Cluster) -> None:
    alerted = stage("alert")
    cluster.load_rules(RULES)
    alerted.release("v1.1.0-validation")
    case = rolled_back(alerted, "v1.1.0-validation", sentry)
    recorded = case["status"]["alerts"]
    assert {alert["name"] for alert in recorded} == {ALERT}
    assert len({(alert["fingerprint"], alert["startsAt"]) for alert in recorded}) == len(recorded)
    assert "validations fail" in case["status"]["assessment"]["reason"]


def test_a_release_that_a_newer_one_supersedes(stage: OpenStage) -> None:
    story = stage("superseded")
    story.release("v1.0.1")
    story.wait_phase("v1.0.1", "Progressing", "Watching")
    story.release("v1.0.0", environment={"FEATURE": "on"})
    old = story.wait_phase("v1.0.1", "Superseded")
    assert "took over" in old["status"]["reason"]
    assert not [e for e in old["status"].get("effects", ()) if e["kind"] == "rollback"]

    def newer() -> dict[str, Any] | None:
        case = story.case("v1.0.0")
        return case if case is not None and case["spec"]["revision"]["number"] == 3 else None

    new = wait_for("the newer release's case", newer)
    assert new["status"]["phase"] in ("Progressing", "Watching", "Healthy")


def test_killed_between_intent_and_act(
    stage: OpenStage, sentry: LocalSentry, cluster: Cluster, daemon: Daemon
) -> None:
    killed = stage("killed")
    with DelayedPatches(cluster, killed.namespace) as patches:
        killed.release("v1.1.0-errors")
        case = killed.wait_phase("v1.1.0-errors", "RollingBack")
        assert patches.arrived(within=10), "the daemon never patched"
        pending = [e for e in case["status"]["effects"] if e["kind"] == "rollback"]
        assert [e.get("outcome") for e in pending] == [None], "the intent was not written before the act"
        daemon.kill()
    daemon.start()
    rolled_back(killed, "v1.1.0-errors", sentry)


def test_a_deployment_that_is_deleted_in_the_middle(stage: OpenStage, daemon: Daemon) -> None:
    story = stage("deleted")
    story.release("v1.0.1")
    story.wait_phase("v1.0.1", "Progressing", "Watching")
    story.kubectl("delete", "deployment", NAME, "--wait")
    case = story.wait_phase("v1.0.1", "Superseded")
    assert "deleted" in case["status"]["reason"]
    wait_for(
        "the daemon to name the workload that it lacks",
        lambda: any(story.namespace in problem for problem in daemon.get("/api/status")["problems"]),
    )


def test_a_healthy_release_without_any_traffic(stage: OpenStage) -> None:
    idle = stage("idle")
    idle.release("v1.0.1")
    case = idle.wait_phase("v1.0.1", "Healthy")
    assert not case["status"].get("proven", False)
    # A counter with labels has no series before its first event.
    assert "has no samples of the new pods" in case["status"]["reason"]
    assert (idle.tag(), idle.revision()) == ("v1.0.1", 2)


def test_a_case_edited_into_nonsense_is_refused_or_named(stage: OpenStage, daemon: Daemon) -> None:
    healthy = stage("healthy")
    name = healthy.case("v1.0.0")["metadata"]["name"]  # type: ignore[index]
    nonsense = json.dumps({"status": {"phase": "Wonderful"}})
    with pytest.raises(Exception, match="Wonderful"):
        healthy.kubectl("patch", "rolloutcase", name, "--subresource=status", "--type=merge", "-p", nonsense)
    moved = json.dumps({"spec": {"workload": "another"}})
    with pytest.raises(Exception, match=r"immutable|never change"):
        healthy.kubectl("patch", "rolloutcase", name, "--type=merge", "-p", moved)
    assert daemon.get("/readyz")["ready"]


def blind(daemon: Daemon) -> list[str]:
    """The signals that the daemon says it cannot read."""
    problems = daemon.get("/api/status")["problems"]
    return [problem for problem in problems if problem.startswith(("errors:", "latency:"))]


def test_prometheus_down_during_the_watch(stage: OpenStage, cluster: Cluster, daemon: Daemon) -> None:
    outage = stage("outage")
    outage.release("v1.0.1")
    outage.wait_phase("v1.0.1", "Progressing", "Watching")
    cluster.stop_prometheus()
    try:
        wait_for("the daemon to say that it cannot see", lambda: blind(daemon))
        case = outage.wait_phase("v1.0.1", "Healthy", within=WATCH + 60)
    finally:
        cluster.start_prometheus()
    assert not case["status"].get("proven", False)
    assert "unproven" in case["status"]["reason"]
    assert (outage.tag(), outage.revision()) == ("v1.0.1", 2)
    wait_for("the signals to be readable again", lambda: not blind(daemon))


def test_an_api_server_that_hangs(stage: OpenStage, sentry: LocalSentry, cluster: Cluster) -> None:
    """Frozen, not gone: connections stay open and nothing answers; the watches must notice by themselves."""
    frozen = stage("frozen")
    frozen.release("v1.1.0-errors")
    cluster.processes.freeze("kube-apiserver")
    time.sleep(20)
    cluster.processes.thaw("kube-apiserver")
    rolled_back(frozen, "v1.1.0-errors", sentry)
