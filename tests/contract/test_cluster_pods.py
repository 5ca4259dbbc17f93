"""The contract of :class:`daemon.ports.Cluster`: pods that end, never start or may not be made."""

from __future__ import annotations

import pytest

from daemon.core.rollout_facts.pod_owner import PodOwners
from tests.contract.drivers import BETTER, CRASHING, GOOD, MISSING, OOM, UNREADY, ClusterDriver
from tests.contract.looking import broken_pod, complete, seen, stuck


@pytest.mark.parametrize(("tag", "exit_code", "reason"), [(CRASHING, 1, "Error"), (OOM, 137, "OOMKilled")])
def test_a_container_that_ends_again_and_again(
    world: ClusterDriver, tag: str, exit_code: int, reason: str
) -> None:
    world.deploy(GOOD, replicas=1)
    complete(world, GOOD, 1)
    world.set_tag(tag)
    pod = broken_pod(world, {"CrashLoopBackOff"})
    [container] = pod.containers
    assert container.exit_code == exit_code
    assert container.exit_reason == reason
    assert not pod.ready
    assert pod.restarts >= 1
    name = pod.name
    world.until("more restarts", lambda: any(p.name == name and p.restarts >= 2 for p in seen(world).pods))
    workload = seen(world)
    assert workload.status.available >= 1
    assert not workload.status.complete


def test_an_image_that_does_not_exist(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, first = complete(world, GOOD, 1)
    world.set_tag(MISSING)
    pulling = broken_pod(world, {"ErrImagePull"})
    assert "not found" in pulling.containers[0].waiting_message
    waiting = broken_pod(world, {"ImagePullBackOff"})
    assert MISSING in waiting.containers[0].waiting_message
    assert waiting.containers[0].exit_code is None
    assert all(pod.ready for pod in seen(world).pods_of(first))


def test_a_rollout_that_never_gets_ready_exceeds_its_deadline(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1, progress_deadline=5)
    complete(world, GOOD, 1)
    world.set_tag(UNREADY)
    world.until("the deadline", lambda: stuck(world))
    workload = seen(world)
    assert workload.current is not None
    [pod] = workload.pods_of(workload.current)
    assert not pod.ready
    assert pod.restarts == 0
    assert workload.status.progress_message
    world.undo_by_somebody()
    complete(world, GOOD, 3)


def test_right_after_an_undo_the_deadline_that_passed_is_still_the_other_rollouts(
    world: ClusterDriver,
) -> None:
    """With one pod the status says so for a moment; the condition names whose it was."""
    world.deploy(GOOD, replicas=1, progress_deadline=5)
    _, first = complete(world, GOOD, 1)
    world.set_tag(UNREADY)
    world.until("the deadline", lambda: stuck(world))
    world.undo_by_somebody()
    blamed: list[str] = []

    def arrived() -> bool:
        workload = seen(world)
        current = workload.current
        if current is not None and current.number == 3 and workload.status.timed_out(current):
            blamed.append(str(workload.status))
        return current is not None and current.number == 3 and workload.status.complete

    world.until("the undo", arrived)
    assert blamed == []
    assert seen(world).current is not None
    assert not seen(world).status.timed_out(first)


def test_a_pod_that_ended_for_good_is_none_of_the_workloads_pods(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    workload, current = complete(world, GOOD, 1)
    victim = workload.pods[0]
    world.end(victim)

    def replaced() -> bool:
        seen_now = seen(world)
        over = [pod for pod in seen_now.finished if pod.name == victim.name]
        # The pods are written by the kubelet, the status by the controller a moment later.
        return bool(over) and sum(pod.ready for pod in seen_now.live) == 2 and seen_now.status.complete

    world.until("a successor", replaced)
    after = seen(world)
    assert victim.name not in {pod.name for pod in after.pods}
    [over] = after.finished
    assert over.finished.startswith("DeadlineExceeded")
    assert not over.ready
    assert PodOwners(after).made(current, victim.name)


def test_pods_that_may_not_be_made_are_told_of_their_replica_set(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1, progress_deadline=5)
    _, first = complete(world, GOOD, 1)
    world.refuse_pods()
    world.set_tag(BETTER)

    def refused() -> bool:
        workload = seen(world)
        current = workload.current
        return current is not None and current.number == 2 and current.replica_set_uid in workload.unmade

    world.until("the refusal", refused)
    workload = seen(world)
    assert workload.current is not None
    assert "exceeded quota" in workload.unmade[workload.current.replica_set_uid]
    assert first.replica_set_uid not in workload.unmade
    assert not workload.pods_of(workload.current)
    world.until("the deadline", lambda: stuck(world))
