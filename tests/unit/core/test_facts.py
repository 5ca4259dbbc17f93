"""What counts as a fact against a revision, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.model import Role
from daemon.core.policy import Policy
from daemon.core.rollout_facts.pod_history import interrupted
from tests.unit.core.made import NEW, OLD, at, container, pod, revision, workload
from tests.unit.core.rollouts import POLICY, Watch, ended, ready, unready

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
    killed = ended(1, ready=True, exit_code=137, exit_reason="OOMKilled")
    again = [
        replace(pods[0], containers=(killed,)),
        replace(pods[1], containers=(ended(1, ready=True),)),
    ]
    assert watch.kinds(workload(again[0], *pods[1:]), 60) == []
    [found] = watch.see(workload(*again, pods[2]), 61)
    assert found.kind == "RestartsAfterReady"
    assert "(OOMKilled, exit code 1)" in found.detail
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
