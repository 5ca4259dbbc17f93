"""What may pass is no fact before the deadline, and what cannot pass is one at once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.assessment import Attribution, Fact
from daemon.core.attribution.cause import Surroundings, attribute, scene_of
from daemon.core.attribution.finding import Witness
from daemon.core.model import Workload
from tests.unit.core.made import NEW, OLD, START, container, pod, workload
from tests.unit.core.rollouts import Watch, ready, unready

NOT_THERE = (
    'failed to pull and unpack image "r/h:v2": failed to resolve reference "r/h:v2": r/h:v2: not found'
)


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("ErrImagePull", NOT_THERE),
        ("ImagePullBackOff", f'Back-off pulling image "r/heat:v2": ErrImagePull: {NOT_THERE}'),
        ("ErrImagePull", "reading manifest v9 in r/heat: manifest unknown"),
        ("ErrImagePull", "manifest for heat:v9 not found: manifest unknown: manifest unknown"),
        ("InvalidImageName", 'Failed to apply default image tag "HEAT:v2": couldn\'t parse image name'),
        ("RunContainerError", 'failed to create shim: exec: "uvicron": executable file not found in $PATH'),
        ("RunContainerError", 'exec: "/app/run": stat /app/run: no such file or directory: unknown'),
    ],
)
def test_what_cannot_pass_is_a_fact_at_once(reason: str, message: str) -> None:
    waiting = pod("a", containers=(container(waiting_reason=reason, waiting_message=message),))
    assert Watch().kinds(workload(waiting), 2) == [reason]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"),
        ("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition"),
        ("CreateContainerError", "context deadline exceeded"),
        (
            "CreateContainerError",
            'failed to reserve container name "heat_0": name "heat_0" is reserved for "ab"',
        ),
        ("ErrImagePull", 'failed to resolve reference "r/heat:v2": dial tcp: lookup r: no such host'),
        (
            "ErrImagePull",
            'failed to do request: Head "https://r/v2/": dial tcp 10.0.0.1:443: connection refused',
        ),
        ("ErrImagePull", "failed to extract layer sha256:ab: content digest sha256:ab: not found"),
        (
            "ErrImagePull",
            "pull access denied for heat, repository does not exist or may require authorization",
        ),
        (
            "ImagePullBackOff",
            'failed to resolve reference "r/heat:v2": pull access denied, repository does not exist or may '
            "require authorization: server message: insufficient_scope: authorization failed: not found",
        ),
        (
            "ErrImagePull",
            'failed to resolve reference "r/h:v2": unexpected status: 401 Unauthorized: not found',
        ),
        ("ImagePullBackOff", 'Back-off pulling image "r/heat:v2"'),
        ("ContainerCreating", ""),
        ("SomethingNobodyHasHeardOf", "not found"),
    ],
)
def test_what_may_pass_is_none_before_the_deadline(reason: str, message: str) -> None:
    watch = Watch()
    waiting = pod("a", containers=(container(waiting_reason=reason, waiting_message=message),))
    for seconds in (2, 12, 60, 300):
        assert watch.kinds(workload(waiting), seconds, complete=False) == []


@pytest.mark.parametrize(
    ("message", "settles"),
    [
        ("couldn't find key DB_URL in ConfigMap greenlang/heat-config", 10),
        ('configmap "heat-config" not found', 20),
        ('secret "heat-secrets" not found', 20),
    ],
)
def test_configuration_that_is_not_there_may_come_a_moment_later(message: str, settles: float) -> None:
    watch = Watch()
    missing = container(waiting_reason="CreateContainerConfigError", waiting_message=message)
    seen = workload(pod("a", containers=(missing,)))
    assert watch.kinds(seen, 3) == []
    assert watch.kinds(seen, 2.9 + settles) == []
    assert watch.kinds(seen, 3 + settles) == ["CreateContainerConfigError"]
    again = Watch()
    again.see(seen, 3)
    again.see(workload(pod("a", ready=True)), 12)
    assert again.kinds(seen, 14) == []


def stuck_at(message: str = 'ReplicaSet "heat-h2" has timed out progressing.') -> dict[str, object]:
    return {"progress_reason": "ProgressDeadlineExceeded", "progress_message": message}


def cause(seen: Workload, found: tuple[Fact, ...], nodes: dict[str, str] | None = None) -> Attribution:
    scene = scene_of(seen, NEW, (), Surroundings(nodes=nodes or {}), START.timestamp())
    return attribute([], found, scene).cause


def test_the_deadline_counts_against_the_rollout_that_it_passed_in() -> None:
    seen = workload(pod("a"), rollout=stuck_at())
    assert Watch().kinds(seen, 60) == ["ProgressDeadlineExceeded"]
    assert cause(seen, Watch().see(seen, 60)) is Attribution.DEPLOYMENT
    undone = replace(OLD, number=3, reused=True)
    stale = workload(pod("v", OLD, born=-600, ready=True), current=undone, rollout=stuck_at(), desired=1)
    assert Watch(revision=undone).kinds(stale, 60) == []
    assert not stale.status.timed_out(undone)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "has timed out progressing",
        'Deployment "heat" has timed out progressing.',
        'ReplicaSet "heat-h22" …',
    ],
)
def test_a_deadline_that_does_not_say_whose_it_is_counts_against_nobody(words: str) -> None:
    assert Watch().kinds(workload(pod("a"), rollout=stuck_at(words)), 60) == []


def test_pods_that_cannot_be_made_leave_it_undecided_in_the_conditions_words() -> None:
    quota = 'pods "heat-h2-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3'
    seen = workload(rollout=stuck_at(), unmade={NEW.replica_set_uid: quota})
    [found] = Watch().see(seen, 60)
    assert quota in found.detail
    scene = scene_of(seen, NEW, (), Surroundings(), START.timestamp())
    answer = attribute([], (found,), scene)
    assert answer.witness is Witness.HINDERED
    assert quota in answer.reason


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("ImagePullBackOff", "dial tcp 10.0.0.1:443: connect: connection refused"),
        ("ErrImagePull", "pull access denied, repository does not exist or may require authorization"),
        ("CreateContainerError", "context deadline exceeded"),
    ],
)
def test_a_rollout_that_waits_for_a_registry_or_a_runtime_is_nobodys(reason: str, message: str) -> None:
    waiting = pod("a", containers=(container(waiting_reason=reason, waiting_message=message),))
    seen = workload(waiting, rollout=stuck_at())
    assert cause(seen, Watch().see(seen, 60)) is Attribution.UNDECIDED
    beside = workload(waiting, pod("b"), rollout=stuck_at())
    assert cause(beside, Watch().see(beside, 60)) is Attribution.DEPLOYMENT


def test_pods_on_nodes_in_trouble_are_the_nodes() -> None:
    watch = Watch()
    pods = [replace(one, node=f"n{n}") for n, one in enumerate(ready(3))]
    watch.see(workload(*pods), 30)
    lost = workload(*unready(pods[:2]), pods[2])
    watch.see(lost, 60)
    found = watch.see(lost, 95)
    gone = "NotReady (NodeStatusUnknown)"
    assert cause(lost, found, {"n0": gone, "n1": gone}) is Attribution.INFRASTRUCTURE
    assert cause(lost, found, {"n0": gone}) is Attribution.DEPLOYMENT
    assert cause(lost, found, {"n2": gone}) is Attribution.DEPLOYMENT


def test_an_eviction_is_a_fact_about_its_node() -> None:
    watch = Watch()
    pods = [replace(one, node="n0") for one in ready(3)]
    watch.see(workload(*pods), 30)
    over = replace(pods[2], ready=False, finished="Evicted: The node was low on resource: memory")
    lost = workload(*unready(pods[:2]), desired=2, finished=(over,))
    watch.see(lost, 60)
    found = watch.see(lost, 95)
    scene = scene_of(lost, NEW, watch.histories, Surroundings(), START.timestamp())
    answer = attribute([], found, scene)
    assert answer.witness is Witness.NODES
    assert f"it ended pod {over.name} (Evicted: The node was low on resource: memory)" in answer.reason


def test_a_pod_that_ended_before_the_rollout_says_nothing_of_its_node_now() -> None:
    watch = Watch()
    leftover = replace(pod("x", OLD, born=-9000), node="n0", finished="Evicted")
    seen = workload(*ready(3), finished=(leftover,))
    watch.see(seen, 30)
    assert scene_of(seen, NEW, watch.histories, Surroundings(), 0.0).surroundings.nodes == {}
