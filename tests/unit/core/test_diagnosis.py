"""A stuck rollout is explained by what is known, without repeats, in words that a person can act on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import Pod
from daemon.core.rollout_facts.diagnosis import MOST_EVENTS, ObjectEvent, Told, diagnosis, held_up
from tests.unit.core.made import NEW, container, pod, workload

PULL = 'failed to pull and unpack image "heat:v2": failed to resolve reference "heat:v2": not found'


def waiting(name: str, reason: str, message: str, exit_code: int | None = None) -> Pod:
    why = "" if exit_code is None else "Error"
    waits = container(waiting_reason=reason, waiting_message=message, exit_code=exit_code, exit_reason=why)
    return pod(name, containers=(waits,))


def test_pods_of_one_trouble_are_told_once() -> None:
    pods = [waiting(name, "ImagePullBackOff", PULL) for name in "abcde"]
    text = diagnosis(workload(*pods), NEW)
    assert text == f"heat-h2-a, heat-h2-b, heat-h2-c and 2 more: ImagePullBackOff {PULL}"


def test_a_crash_is_told_with_how_it_ended_and_what_was_logged_last() -> None:
    back_off = "back-off 40s restarting failed container=heat pod=heat-h2-a"
    crashing = waiting("a", "CrashLoopBackOff", back_off, exit_code=1)
    told = Told(
        events=(ObjectEvent(reason="BackOff", message="Back-off restarting failed container", times=9),),
        last_lines=(("container heat of pod heat-h2-a", "KeyError: DATABASE_URL"),),
    )
    assert diagnosis(workload(crashing), NEW, told) == (
        f"heat-h2-a: CrashLoopBackOff {back_off}, ended with exit code 1 Error; "
        "container heat of pod heat-h2-a logged last: KeyError: DATABASE_URL"
    )


def test_probes_mounts_and_nodes_are_told_by_whoever_saw_them() -> None:
    probe = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    mount = 'MountVolume.SetUp failed for volume "config" : configmap "heat-config" not found'
    told = Told(
        events=(
            ObjectEvent(reason="Unhealthy", message=probe, times=12),
            ObjectEvent(reason="Unhealthy", message=probe, times=3),
            ObjectEvent(reason="FailedMount", message=mount, times=2),
        ),
        nodes={"node-1": "NotReady since 03:00:00"},
        problems=("Events cannot be read: forbidden",),
    )
    text = diagnosis(workload(pod("a")), NEW, told)
    assert text == (
        "heat-h2-a: running but not ready; node node-1: NotReady since 03:00:00; "
        f"Unhealthy (15 times): {probe}; FailedMount (2 times): {mount}; Events cannot be read: forbidden"
    )


def test_what_the_objects_say_already_is_not_repeated_by_their_events() -> None:
    quota = 'pods "x" is forbidden: exceeded quota: full'
    nowhere = "0/3 nodes are available: 3 Insufficient memory."
    told = Told(
        events=(
            ObjectEvent(reason="FailedScheduling", message=nowhere),
            ObjectEvent(reason="x", message=quota),
        )
    )
    seen = workload(pod("a", unschedulable=nowhere, containers=()), unmade={NEW.replica_set_uid: quota})
    text = diagnosis(seen, NEW, told)
    assert (text.count(nowhere), text.count(quota)) == (1, 1)


def test_a_pod_that_was_evicted_is_told() -> None:
    gone = pod("e", finished="Evicted: The node was low on resource: memory.")
    assert "heat-h2-e will not run again: Evicted" in diagnosis(workload(finished=(gone,)), NEW)


def test_where_nobody_says_why_that_is_said() -> None:
    assert diagnosis(workload(), NEW).startswith("no pod says why (0 of 3 updated")


def test_secrets_in_events_are_masked() -> None:
    event = ObjectEvent(reason="Failed", message="pull https://robot:hunter22@registry/heat: denied")
    assert "hunter22" not in diagnosis(workload(pod("a")), NEW, Told(events=(event,)))


def test_the_container_that_ended_is_the_one_whose_log_matters() -> None:
    proxy, heat = container("proxy"), container("heat", exit_code=1, waiting_reason="CrashLoopBackOff")
    assert held_up(pod("a", containers=(proxy, heat))) == heat
    assert held_up(pod("a", containers=(container("proxy", ready=True), container("heat")))) == container(
        "heat"
    )
    never = container("heat", waiting_reason="ImagePullBackOff")
    assert held_up(pod("a", containers=(never,))) is None


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=400), st.integers(1, 1000)), max_size=60),
    st.integers(0, 12),
)
def test_however_much_is_told_the_paragraph_is_bounded(events: list[tuple[str, str, int]], pods: int) -> None:
    told = Told(events=tuple(ObjectEvent(reason=r, message=m, times=n) for r, m, n in events))
    text = diagnosis(workload(*(pod(f"p{n}") for n in range(pods))), NEW, told)
    assert text
    assert len(text) < MOST_EVENTS * 400 + 500
