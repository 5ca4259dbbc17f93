from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from daemon.adapters.kubernetes import objects, partial
from daemon.core.model import Container, Pod, Role
from tests.unit.kubernetes import samples


def kept(body: samples.Object) -> objects.KeptReplicaSet:
    return objects.keep_replica_set(msgspec.convert(body, type=partial.ReplicaSet, strict=False))


def read_pod(body: samples.Object) -> Pod:
    owner = partial.Owner(kind="ReplicaSet", name="rs", uid="rs-uid", controller=True)
    return objects.pod(msgspec.json.decode(json.dumps(body), type=partial.PodObject), owner)


def digest(tag: str) -> bytes:
    return objects.Template.of(samples.template(tag)).digest


def test_a_deployment_with_its_sets_and_pods_is_a_workload() -> None:
    deployment = objects.keep_deployment(json.dumps(samples.deployment("v2")).encode())
    old, new = kept(samples.replica_set("v1", 1)), kept(samples.replica_set("v2", 2))
    pod = read_pod(samples.pod("a", "v2"))
    workload = objects.workload(deployment, [new, old], [pod], {})
    assert workload.ref == samples.REF
    assert workload.current == new.revision
    assert workload.revisions == (old.revision, new.revision)
    assert workload.status.complete
    assert workload.status.progress_reason == "NewReplicaSetAvailable"
    assert new.revision.hash == "hashv2"
    assert new.revision.change_cause == "release v2"
    assert new.revision.images == ("gcr.io/greenlang/gl-006-heatreclaim:v2",)
    assert new.revision.created_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_templates_are_equal_but_for_the_hash_and_for_what_kubernetes_takes_as_absent() -> None:
    one, other = samples.template("v1"), samples.template("v1", "hashv1")
    other["metadata"]["creationTimestamp"] = None
    other["spec"]["tolerations"] = []
    assert objects.same_template(one, other)
    other["spec"]["volumes"] = [{"name": "x", "emptyDir": {}}]
    assert not objects.same_template(one, other)
    del other["spec"]["volumes"], other["spec"]["securityContext"]
    assert not objects.same_template(one, other), "a pointer to an empty struct is not nil"


def test_a_template_is_given_back_whole_without_the_hash() -> None:
    assert objects.Template.of(samples.template("v1", "x")).unpack() == samples.template("v1")


def test_a_set_that_served_an_earlier_rollout_is_reused() -> None:
    body = samples.replica_set("v1", 3)
    assert not kept(body).revision.reused
    body["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "1"
    assert kept(body).revision.reused


def test_no_revision_is_current_before_its_replica_set_is_made() -> None:
    assert objects.current(digest("v2"), [kept(samples.replica_set("v1", 1))]) is None
    assert objects.current(digest("v2"), []) is None


def test_a_set_that_comes_back_is_current_only_with_its_new_number() -> None:
    bad = kept(samples.replica_set("v2", 2))
    assert objects.current(digest("v1"), [kept(samples.replica_set("v1", 1)), bad]) is None
    back = objects.current(digest("v1"), [kept(samples.replica_set("v1", 3)), bad])
    assert back is not None
    assert back.number == 3


def test_of_equal_sets_the_oldest_is_current() -> None:
    younger = kept(samples.replica_set("v1", 2, uid="younger", created="2026-11-24T11:00:00Z"))
    older = kept(samples.replica_set("v1", 2, uid="older"))
    chosen = objects.current(digest("v1"), [younger, older])
    assert chosen is not None
    assert chosen.replica_set_uid == "older"


@pytest.mark.parametrize("number", ["two", "", "1.5"])
def test_a_revision_number_that_is_none_makes_no_sense(number: str) -> None:
    body = samples.replica_set("v1", 1)
    body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = number
    with pytest.raises(msgspec.ValidationError, match="revision"):
        kept(body)


def test_a_change_cause_of_any_length_is_cut() -> None:
    body = samples.replica_set("v1", 1)
    body["metadata"]["annotations"]["kubernetes.io/change-cause"] = "x" * 100_000
    assert len(kept(body).revision.change_cause) == objects.MAX_CHANGE_CAUSE


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        ("docker.io/library/cart@sha256:abc", "sha256:abc"),
        ("docker-pullable://registry:5000/cart@sha256:abc", "sha256:abc"),
        ("sha256:abc", ""),
        ("", ""),
    ],
)
def test_an_images_digest_is_what_a_registry_has_it_by(image_id: str, digest: str) -> None:
    status = {"name": samples.NAME, "imageID": image_id, "state": {"running": {}}}
    [found] = read_pod(samples.pod("a", "v1", containerStatuses=[status])).containers
    assert found.digest == digest


@pytest.mark.parametrize(
    ("state", "last", "expected"),
    [
        (
            {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
            {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            Container(
                name=samples.NAME,
                restarts=3,
                waiting_reason="CrashLoopBackOff",
                waiting_message="back-off 10s",
                exit_code=137,
                exit_reason="OOMKilled",
            ),
        ),
        (
            {"terminated": {"exitCode": 1, "reason": "Error"}},
            {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            Container(name=samples.NAME, restarts=3, exit_code=1, exit_reason="Error"),
        ),
        (
            {"waiting": {"reason": "ImagePullBackOff"}},
            {},
            Container(name=samples.NAME, restarts=3, waiting_reason="ImagePullBackOff"),
        ),
        ({"running": {"startedAt": "2026-11-24T10:00:00Z"}}, {}, Container(name=samples.NAME, restarts=3)),
    ],
)
def test_what_the_kubelet_says_of_a_container(
    state: dict[str, Any], last: dict[str, Any], expected: Container
) -> None:
    status = {"name": samples.NAME, "ready": False, "restartCount": 3, "state": state, "lastState": last}
    assert read_pod(samples.pod("a", "v1", containerStatuses=[status])).containers == (expected,)
    in_init = samples.pod("a", "v1", initContainerStatuses=[status], containerStatuses=None)
    assert read_pod(in_init).containers == (replace(expected, role=Role.INIT),)
    in_init["spec"]["initContainers"] = [{"name": samples.NAME, "restartPolicy": "Always"}]
    assert read_pod(in_init).containers == (replace(expected, role=Role.SIDECAR),)


def test_the_main_container_is_the_one_that_kubectl_takes_by_default() -> None:
    statuses = [{"name": name, "ready": True, "restartCount": 0} for name in ("a-log", samples.NAME)]
    body = samples.pod("a", "v1", containerStatuses=statuses)
    body["spec"]["containers"].append({"name": "a-log", "image": "log:1"})
    assert [c.role for c in read_pod(body).containers] == [Role.SIDECAR, Role.MAIN]
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "a-log"}
    assert [c.role for c in read_pod(body).containers] == [Role.MAIN, Role.SIDECAR]
    body["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "nobody"}
    assert [c.role for c in read_pod(body).containers] == [Role.SIDECAR, Role.MAIN]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low"},
            "Evicted: The node was low",
        ),
        ({"phase": "Failed"}, "Failed"),
        ({"phase": "Succeeded"}, "Succeeded"),
        ({"phase": "Running"}, ""),
        ({"phase": "Unknown"}, ""),
    ],
)
def test_a_pod_that_is_over_says_why(status: dict[str, Any], why: str) -> None:
    assert read_pod(samples.pod("a", "v1", **status)).finished == why


def test_a_pod_without_a_node_says_why() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    pod = read_pod(samples.pod("a", "v1", conditions=[scheduled], podIP=""))
    assert (pod.unschedulable, pod.ready) == ("0/3 nodes", False)


def test_a_pod_tells_when_it_became_ready_or_ceased_to_be() -> None:
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-24T11:00:00Z"}
    pod = read_pod(samples.pod("a", "v1", conditions=[ready]))
    assert (pod.ready, pod.ready_changed_at) == (False, datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    untold = read_pod(samples.pod("a", "v1", conditions=[ready | {"lastTransitionTime": None}]))
    assert untold.ready_changed_at is None
    assert read_pod(samples.pod("a", "v1", conditions=[])).ready_changed_at is None


def test_a_pod_on_its_way_out_and_one_fresh_from_the_api() -> None:
    leaving = samples.pod("a", "v1")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z"
    assert read_pod(leaving).deleting
    fresh = samples.pod("a", "v1")
    del fresh["status"], fresh["spec"]["nodeName"]
    assert read_pod(fresh).node == ""
