"""What speaks against a restart: whatever the next pod would meet again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from daemon.core.model import Container, Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.rollout_facts.diagnosis import NOTHING, ObjectEvent, Told
from daemon.core.rollout_facts.restart_help import UNPULLED, no_help

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TARGET = Revision(
    hash="a1", replica_set="web-a1", replica_set_uid="rs-1", number=1, images=("web:v1",), created_at=NOW
)


def pod(name: str, *, ready: bool = False, unschedulable: str = "", **container: object) -> Pod:
    return Pod(
        name=name,
        uid=name,
        replica_set="web-a1",
        replica_set_uid="rs-1",
        created_at=NOW,
        ready=ready,
        unschedulable=unschedulable,
        containers=(replace(Container(name="web", ready=ready), **container),),
    )


def workload(*pods: Pod, unmade: str = "", paused: bool = False) -> Workload:
    return Workload(
        ref=WorkloadRef(namespace="shop", name="web"),
        uid="d-1",
        resource_version="1",
        created_at=NOW,
        labels={},
        current=TARGET,
        revisions=(TARGET,),
        pods=pods,
        status=RolloutStatus(
            generation=2, observed_generation=2, desired=3, replicas=3, updated=3, available=0, paused=paused
        ),
        unmade={"rs-1": unmade} if unmade else {},
    )


HANGS = pod("a")


@pytest.mark.parametrize(
    "pods",
    [
        [HANGS, pod("b", ready=True)],
        [HANGS],
        [pod("a", waiting_reason="ContainerCreating")],
        [pod("a", waiting_reason="RunContainerError", waiting_message="context deadline exceeded")],
        [pod("a", exit_code=1), pod("b", exit_code=2)],
        [pod("a", exit_code=1), pod("b", ready=True)],
        [pod("a", exit_code=1), HANGS],
    ],
    ids=[
        "one hangs",
        "all hang",
        "creating",
        "not run",
        "two codes",
        "one crashes",
        "one crashes, one hangs",
    ],
)
def test_what_may_be_the_pods_own_bad_luck_is_restarted(pods: list[Pod]) -> None:
    assert no_help(workload(*pods), TARGET) == ""


@pytest.mark.parametrize("reason", sorted(UNPULLED))
def test_an_image_is_not_there_for_the_next_pod_either(reason: str) -> None:
    assert no_help(workload(HANGS, pod("b", waiting_reason=reason)), TARGET) == "an image cannot be pulled"


@pytest.mark.parametrize(
    ("found", "told", "why"),
    [
        (workload(HANGS, unmade="exceeded quota"), NOTHING, "pods cannot be made (exceeded quota)"),
        (workload(HANGS, paused=True), NOTHING, "the Deployment is paused"),
        (workload(pod("a", ready=True)), NOTHING, "no pod of it is unready"),
        (workload(), NOTHING, "no pod of it is unready"),
        (workload(HANGS, pod("b", unschedulable="0/3 nodes")), NOTHING, "no node takes b"),
        (workload(HANGS), Told(nodes={"n1": "not ready"}), "node n1 is not well"),
        (
            workload(pod("a", waiting_reason="CreateContainerConfigError")),
            NOTHING,
            "a ConfigMap, a Secret or a key of one is missing",
        ),
        (
            workload(pod("a", waiting_reason="ContainerCreating")),
            Told(events=(ObjectEvent(reason="FailedMount", message='secret "x" not found'),)),
            "something that the pods mount is missing",
        ),
        (
            workload(HANGS),
            Told(events=(ObjectEvent(reason="Evict", message="it would violate the disruption budget"),)),
            "a PodDisruptionBudget keeps a pod where it is",
        ),
        (workload(pod("a", exit_code=3), pod("b", exit_code=3)), NOTHING, "every pod ends with exit code 3"),
    ],
)
def test_what_the_next_pod_meets_again_is_named(found: Workload, told: Told, why: str) -> None:
    assert no_help(found, TARGET, told) == why
