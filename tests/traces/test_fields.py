"""The traces show what docs/kubernetes-facts.md says: a newer Kubernetes that is recorded anew may differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.traces import trace
from tests.traces.trace import Kind

PAGE = Path(__file__).parents[2] / "docs/kubernetes-facts.md"
REVISION = "deployment.kubernetes.io/revision"

Object = dict[str, Any]


def states(name: str, kind: Kind) -> Iterator[Object]:
    """Every state of the objects of a kind, as they were told."""
    for entry in trace.read(name).entries:
        if entry.kind == kind and entry.whole is not None:
            yield entry.whole


def last(name: str, kind: Kind) -> list[Object]:
    """The last state of each object that was not deleted."""
    found: dict[str, Object] = {}
    for entry in trace.read(name).entries:
        if entry.kind == kind and entry.whole is not None:
            found[entry.uid] = entry.whole
            if entry.told == "DELETED":
                del found[entry.uid]
    return list(found.values())


def condition(whole: Object, kind: str) -> Object:
    """The condition of that type; empty where there is none."""
    conditions: list[Object] = whole.get("status", {}).get("conditions", [])
    return next((found for found in conditions if found["type"] == kind), {})


def containers(pod: Object) -> list[Object]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def messages(name: str) -> set[str]:
    waiting = (
        c["state"].get("waiting", {}).get("message", "")
        for pod in states(name, "Pod")
        for c in containers(pod)
    )
    return {message for message in waiting if message}


def reasons(name: str) -> set[str]:
    """Of the Progressing condition."""
    return {condition(found, "Progressing").get("reason", "") for found in states(name, "Deployment")}


def test_every_trace_that_the_page_names_is_recorded() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.rsplit("|", 2)[-2])}
    assert len(named) > 50
    assert named <= set(trace.names())


@pytest.mark.parametrize(
    "name",
    [
        "stale-progress-condition-1",
        "stale-progress-condition-slow-undo",
        "stale-progress-condition-stays",
    ],
)
def test_an_exceeded_deadline_outlives_the_undo_under_the_old_replica_sets_name(name: str) -> None:
    number: dict[str, int] = {}
    stale = []
    for entry in trace.read(name).entries:
        whole = entry.whole or {}
        if entry.kind == "ReplicaSet":
            number[whole["metadata"]["name"]] = int(whole["metadata"]["annotations"][REVISION])
        if (
            entry.kind == "Deployment"
            and whole["status"]["observedGeneration"] == whole["metadata"]["generation"]
        ):
            progressing = condition(whole, "Progressing")
            if progressing["reason"] == "ProgressDeadlineExceeded":
                current = max(number, key=lambda one: number[one])
                stale.append(f'"{current}"' not in progressing["message"])
    assert True in stale
    assert False in stale


def test_a_stale_condition_is_not_renewed_for_longer_than_the_deadline() -> None:
    found = [
        (entry.at, condition(entry.whole or {}, "Progressing"))
        for entry in trace.read("stale-progress-condition-stays").entries
        if entry.kind == "Deployment"
    ]
    times = [at for at, progressing in found if progressing["reason"] == "ProgressDeadlineExceeded"]
    assert times[-1] - times[0] > 10
    told = {p["lastUpdateTime"] for _at, p in found if p["reason"] == "ProgressDeadlineExceeded"}
    assert len(told) == 1


@pytest.mark.parametrize(
    "name", ["replicas-0-bad-release-then-2", "quota-at-scale-up", "registry-down-at-scale-up"]
)
def test_no_deadline_runs_once_a_rollout_was_complete(name: str) -> None:
    assert "ProgressDeadlineExceeded" not in reasons(name)
    assert trace.read(name).header.complete is False


def test_a_healthy_release_may_exceed_its_deadline() -> None:
    found = reasons("deadline-exceeded-then-complete")
    assert {"ProgressDeadlineExceeded", "NewReplicaSetAvailable"} <= found


@pytest.mark.parametrize("name", ["node-lost", "node-lost-and-back"])
def test_pods_of_a_lost_node_are_not_ready_while_their_containers_are(name: str) -> None:
    assert any(
        condition(pod, "Ready").get("status") == "False"
        and condition(pod, "ContainersReady").get("status") == "True"
        and all(container["ready"] for container in containers(pod))
        for pod in states(name, "Pod")
    )


def test_the_garbage_collector_leaves_a_failed_pod_ready() -> None:
    assert any(
        pod["status"]["phase"] == "Failed" and condition(pod, "Ready")["status"] == "True"
        for pod in states("spot-reclaim", "Pod")
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("evicted-after-rollout", "EvictionByEvictionAPI"),
        ("drain", "EvictionByEvictionAPI"),
        ("preemption", "PreemptionByScheduler"),
        ("node-lost", "DeletionByTaintManager"),
        ("spot-reclaim", "DeletionByPodGC"),
    ],
)
def test_whoever_ends_a_pod_from_outside_says_so(name: str, reason: str) -> None:
    assert reason in {condition(pod, "DisruptionTarget").get("reason") for pod in states(name, "Pod")}


@pytest.mark.parametrize("name", ["leftover-failed-pod", "leftover-evicted-pod"])
def test_a_failed_pod_stays_and_counts_as_none(name: str) -> None:
    (deployment,) = last(name, "Deployment")
    failed = [pod for pod in last(name, "Pod") if pod["status"]["phase"] == "Failed"]
    assert [pod["status"]["reason"] for pod in failed if "deletionTimestamp" not in pod["metadata"]]
    assert deployment["status"]["replicas"] == deployment["spec"]["replicas"]


def test_a_long_name_cuts_the_hash_off_its_pods_names() -> None:
    owners: dict[str, set[str]] = {}
    for pod in states("long-name-healthy", "Pod"):
        prefix = pod["metadata"]["name"][:-5]
        owners.setdefault(prefix, set()).add(pod["metadata"]["ownerReferences"][0]["uid"])
    assert [len(found) for found in owners.values()] == [2]


def test_old_pods_keep_their_restarts_when_a_release_is_undone() -> None:
    pods = last("undo-to-restarted-pod", "Pod")
    assert [container["restartCount"] for pod in pods for container in containers(pod)] == [1, 1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("image-not-found", "not found"),
        ("registry-401", "does not exist or may require authorization"),
        ("registry-401-no-token", "401 Unauthorized"),
        ("registry-403", "403 Forbidden"),
        ("registry-429", "429 Too Many Requests"),
        ("registry-503", "503 Service Unavailable"),
        ("registry-down", "connection refused"),
    ],
)
def test_a_registrys_answer_is_in_the_message(name: str, words: str) -> None:
    assert any(words in message for message in messages(name))


@pytest.mark.parametrize("name", ["quota", "webhook-down"])
def test_pods_that_cannot_be_made_are_told_by_both_controllers(name: str) -> None:
    told = [*last(name, "ReplicaSet"), *last(name, "Deployment")]
    failures = [condition(one, "ReplicaFailure").get("reason") for one in told]
    assert failures.count("FailedCreate") == 2


@pytest.mark.parametrize("name", ["kubelet-restart", "kubelet-restart-during-rollout"])
def test_a_kubelets_restart_restarts_no_container(name: str) -> None:
    assert {container["restartCount"] for pod in states(name, "Pod") for container in containers(pod)} == {0}


@pytest.mark.parametrize("name", ["sidecar-crash-loop", "native-sidecar-crash-loop"])
def test_a_release_whose_sidecar_crashes_completes_between_two_crashes(name: str) -> None:
    assert "NewReplicaSetAvailable" in reasons(name)
    assert trace.read(name).header.complete is False


def test_pods_are_not_told_again_when_their_replica_set_changes_hands() -> None:
    found = trace.read("deployment-made-anew").entries
    owners = [
        entry.whole["metadata"].get("ownerReferences", [{}])[0].get("uid")
        for entry in found
        if entry.kind == "ReplicaSet" and entry.whole is not None
    ]
    assert len(set(owners)) == 3, "the old Deployment, nobody, the new one"
    assert {entry.told for entry in found if entry.kind == "Pod"} == {"ADDED"}


def test_a_pod_that_is_taken_out_lives_on_without_an_owner() -> None:
    pods = last("pod-taken-out", "Pod")
    assert ["ownerReferences" in pod["metadata"] for pod in pods].count(False) == 1
