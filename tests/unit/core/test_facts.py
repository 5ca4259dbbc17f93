"""What counts as a fact against a revision, and what only looks like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.assessment import Attribution, Fact
from daemon.core.attribution.cause import Surroundings, attribute, scene_of
from daemon.core.attribution.finding import Witness
from daemon.core.model import Container, Pod, Revision, Role, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts
from daemon.core.rollout_facts.pod_history import PodHistory, follow_pods, interrupted
from tests.unit.core.made import NEW, OLD, START, at, container, pod, revision, workload

POLICY = Policy()


@dataclass
class Watch:
    """A case's memory, look by look."""

    revision: Revision = NEW
    started_at: datetime = START
    policy: Policy = POLICY
    histories: tuple[PodHistory, ...] = field(default=())

    def see(self, seen: Workload, seconds: float, *, complete: bool = True) -> tuple[Fact, ...]:
        now = at(seconds)
        self.histories = follow_pods(self.histories, seen, self.revision, self.started_at, now)
        return facts.facts_against(seen, self.revision, self.policy, self.histories, now, complete=complete)

    def kinds(self, seen: Workload, seconds: float, *, complete: bool = True) -> list[str]:
        return [fact.kind for fact in self.see(seen, seconds, complete=complete)]


def ready(count: int) -> list[Pod]:
    return [pod(f"p{n}", ready=True) for n in range(count)]


def ended(times: int, **fields: object) -> Container:
    return container("heat", **{"restarts": times, "exit_code": 1, "exit_reason": "Error", **fields})


def unready(pods: Sequence[Pod]) -> list[Pod]:
    return [replace(one, ready=False) for one in pods]


# ------------------------------------------------------------ what was ready, and what never was


@pytest.mark.parametrize(("before", "after"), [(3, 6), (1, 3), (2, 5), (0, 2), (3, 30)])
def test_pods_that_an_autoscaler_adds_have_lost_nothing(before: int, after: int) -> None:
    watch = Watch()
    old = ready(before)
    watch.see(workload(*old, desired=before), 30)
    added = [pod(f"new{n}", born=60) for n in range(after - before)]
    grown = workload(*old, *added, desired=after)
    for seconds in range(60, 160, 5):
        assert watch.kinds(grown, seconds) == []


def test_pods_that_were_ready_and_are_not_for_half_a_minute_are_a_fact() -> None:
    watch = Watch()
    pods = ready(3)
    watch.see(workload(*pods), 30)
    lost = workload(*unready(pods[:2]), pods[2])
    assert watch.kinds(lost, 60) == []
    assert watch.kinds(lost, 89) == []
    [found] = watch.see(lost, 91)
    assert found.kind == "ReadinessLost"
    assert found.pods == (pods[0].name, pods[1].name)


def test_pods_that_come_and_go_never_hide_those_that_lost_their_readiness() -> None:
    watch = Watch()
    pods = ready(3)
    watch.see(workload(*pods), 30)
    added = [pod(f"new{n}", born=50) for n in range(20)]
    watch.see(workload(*unready(pods), *added, desired=23), 60)
    assert watch.kinds(workload(*unready(pods), *added, desired=23), 95) == ["ReadinessLost"]


def test_the_only_pod_that_served_and_serves_no_more_is_a_fact_however_many_are_starting() -> None:
    """An autoscaler answers an outage with more pods, which have not served yet."""
    watch = Watch()
    [only] = ready(1)
    watch.see(workload(only, desired=1), 30)
    starting = [pod(f"new{n}", born=50) for n in range(2)]
    lost = workload(*unready([only]), *starting, desired=3)
    watch.see(lost, 60)
    assert watch.kinds(lost, 95) == ["ReadinessLost"]


def test_a_spell_that_nobody_watched_does_not_join_the_next_one() -> None:
    watch = Watch()
    pods = ready(3)
    watch.see(workload(*pods), 30)
    watch.see(workload(*unready(pods)), 40)
    watch.histories = interrupted(watch.histories, at(65))
    assert watch.kinds(workload(*unready(pods)), 75) == []
    assert watch.kinds(workload(*unready(pods)), 96) == ["ReadinessLost"]


def test_a_blink_of_readiness_is_none_however_often() -> None:
    watch = Watch()
    pods = ready(3)
    for start in range(30, 600, 30):
        assert watch.kinds(workload(*pods), start) == []
        assert watch.kinds(workload(*unready(pods)), start + 2) == []
        assert watch.kinds(workload(*unready(pods)), start + 25) == []


def test_restarts_while_starting_are_none_after_ready() -> None:
    watch = Watch()
    pods = [pod(f"p{n}", ready=True, containers=(ended(1, ready=True),)) for n in range(3)]
    watch.see(workload(*pods), 30)
    assert watch.kinds(workload(*unready(pods)), 300) == []
    assert watch.kinds(workload(*pods), 305) == []


def test_a_restart_of_most_pods_after_they_were_ready_is_a_fact() -> None:
    watch = Watch()
    pods = ready(3)
    watch.see(workload(*pods), 30)
    again = [replace(one, containers=(ended(1, ready=True),)) for one in pods]
    assert watch.kinds(workload(again[0], *pods[1:]), 60) == []
    [found] = watch.see(workload(*again[:2], pods[2]), 61)
    assert found.kind == "RestartsAfterReady"
    assert found.pods == (pods[0].name, pods[1].name)


def test_one_restart_of_the_only_pod_is_none_and_the_second_is_a_crash() -> None:
    watch = Watch()
    only = pod("p0", ready=True)
    status = replace(workload(only).status, desired=1)
    seen = [
        replace(workload(replace(only, containers=(ended(times, ready=True),))), status=status)
        for times in (1, 2)
    ]
    watch.see(replace(workload(only), status=status), 30)
    assert watch.kinds(seen[0], 60) == []
    assert watch.kinds(seen[0], 300) == []
    assert watch.kinds(seen[1], 320) == ["CrashLoopBackOff"]


@pytest.mark.parametrize("reason", ["Unknown", "ContainerStatusUnknown"])
def test_an_end_that_the_kubelet_did_not_see_is_the_nodes(reason: str) -> None:
    watch = Watch()
    pods = ready(3)
    watch.see(workload(*pods), 30)
    lost = ended(1, ready=True, exit_code=255, exit_reason=reason)
    assert watch.kinds(workload(*(replace(one, containers=(lost,)) for one in pods)), 60) == []


def test_the_pods_of_another_revision_are_not_its_subject() -> None:
    watch = Watch()
    old = [
        pod(f"o{n}", OLD, born=-3600, containers=(ended(5, waiting_reason="CrashLoopBackOff"),))
        for n in range(3)
    ]
    assert watch.kinds(workload(*ready(1), *old), 30) == []


# ------------------------------------------------------------ what ended, and when


def test_restarts_that_are_older_than_the_rollout_are_none() -> None:
    """Somebody undoes a release to pods that still run."""
    watch = Watch(revision=replace(OLD, number=3, reused=True))
    seen = replace(workload(current=watch.revision), revisions=(NEW, watch.revision))
    veteran = pod("v", OLD, born=-86_400, ready=True, containers=(ended(2, ready=True, exit_code=0),))
    seen = replace(seen, pods=(veteran,))
    assert watch.kinds(seen, 1) == []
    crashing = replace(veteran, ready=False, containers=(ended(3, waiting_reason="CrashLoopBackOff"),))
    [found] = watch.see(replace(seen, pods=(crashing,)), 60)
    assert "ended 2 times" in found.detail


def test_a_pod_that_backs_off_from_before_the_rollout_has_not_ended_in_it() -> None:
    watch = Watch(revision=OLD)
    veteran = pod("v", OLD, born=-600, containers=(ended(4, waiting_reason="CrashLoopBackOff"),))
    assert watch.kinds(workload(veteran, current=OLD), 1) == []


def test_a_container_that_ends_as_often_as_policy_says_is_a_fact() -> None:
    watch = Watch()
    once = pod("a", containers=(ended(1),))
    assert watch.kinds(workload(once), 10) == []
    twice = replace(once, containers=(ended(1, waiting_reason="CrashLoopBackOff"),))
    [found] = watch.see(workload(twice), 12)
    assert found.kind == "CrashLoopBackOff"
    assert found.detail.startswith("container heat of pod heat-h2-a ended 2 times (exit code 1")


def test_the_fact_names_the_container_that_ended() -> None:
    watch = Watch()
    log = container("log-shipper", role=Role.SIDECAR, restarts=2, exit_code=137, exit_reason="OOMKilled")
    [found] = watch.see(workload(pod("a", containers=(log, container(ready=True)))), 30)
    assert found.kind == "OOMKilled"
    assert "container log-shipper" in found.detail


def test_an_init_container_that_tries_again_is_given_one_more() -> None:
    watch = Watch()
    waits = container("migrate", role=Role.INIT, restarts=1, exit_code=1, waiting_reason="CrashLoopBackOff")
    assert watch.kinds(workload(pod("a", containers=(waits,))), 10) == []
    assert watch.kinds(workload(pod("a", containers=(replace(waits, restarts=2),))), 30) == [
        "CrashLoopBackOff"
    ]


def test_a_pod_that_is_being_deleted_says_nothing() -> None:
    watch = Watch()
    assert watch.kinds(workload(pod("a", deleting=True, containers=(ended(9),))), 10) == []


# ------------------------------------------------------------ what may pass


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


# ------------------------------------------------------------ whoever looks, and however often

COUNTS = st.integers(min_value=0, max_value=5)


@given(st.lists(st.tuples(st.booleans(), COUNTS), min_size=1, max_size=20))
def test_nothing_that_a_pod_did_before_it_was_ready_is_held_against_its_readiness(
    looks: list[tuple[bool, int]],
) -> None:
    """A pod of any past that is seen ready once, and stays so, has lost nothing."""
    watch = Watch(policy=Policy(restarts=1000))
    total = 0
    for seconds, (_, more) in enumerate(looks):
        total += more
        seen = workload(*(pod(f"p{n}", containers=(ended(total),)) for n in range(3)))
        assert watch.kinds(seen, seconds) == []
    well = workload(*(pod(f"p{n}", ready=True, containers=(ended(total, ready=True),)) for n in range(3)))
    for seconds in range(100, 200, 10):
        assert watch.kinds(well, seconds) == []


@given(age=st.floats(min_value=3, max_value=1e6), restarts=st.integers(1, 1000), more=st.integers(0, 5))
def test_what_counts_is_what_happened_since_the_rollout(age: float, restarts: int, more: int) -> None:
    watch = Watch(revision=OLD)
    veteran = pod("v", OLD, born=-age, ready=True, containers=(ended(restarts, ready=True),))
    watch.see(workload(veteran, current=OLD), 1)
    later = replace(veteran, containers=(ended(restarts + more, ready=True),))
    assert bool(watch.see(workload(later, current=OLD), 30, complete=False)) is (more >= POLICY.restarts)


def test_a_revision_of_the_same_hash_and_another_uid_has_pods_of_its_own() -> None:
    again = revision(2, uid="rs-2-made-anew")
    seen = workload(pod("a", NEW, containers=(ended(5),)), current=again, revisions=(OLD, again))
    assert Watch(revision=again).kinds(seen, 10) == []
