"""The contract of :class:`daemon.ports.Cluster`."""

from __future__ import annotations

from datetime import timedelta

from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.pod_owner import PodOwners
from tests.contract.drivers import BETTER, GOOD, UNREADY, ClusterDriver
from tests.contract.looking import complete, seen


def test_a_deployed_workload_has_a_current_revision_and_its_pods(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=2)
    workload, current = complete(world, GOOD, 1)
    assert workload.ref == world.ref
    assert workload.uid
    assert workload.resource_version
    assert workload.created_at.utcoffset() == timedelta(0)
    assert workload.revisions == (current,)
    assert current.hash in current.replica_set
    assert current.replica_set_uid not in {"", workload.uid}
    for pod in workload.pods:
        assert pod.replica_set_uid == current.replica_set_uid
        assert PodOwners(workload).of(pod.name) == current.replica_set_uid
        assert pod.ready
        assert not pod.deleting
        assert pod.ip
        assert pod.images == current.images
        assert pod.created_at >= current.created_at
        assert pod.ready_changed_at is not None
        assert pod.ready_changed_at >= pod.created_at
        assert [c.ready for c in pod.containers] == [True]
    assert workload.status.observed
    assert not workload.status.paused
    assert workload.status.progress_reason == "NewReplicaSetAvailable"
    assert workload in world.cluster.workloads()


def test_the_api_servers_time_is_that_of_what_it_creates(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    workload, _ = complete(world, GOOD, 1)
    told = world.cluster.server_time()
    assert told is not None
    assert told.utcoffset() == timedelta(0)
    assert timedelta(seconds=-1) <= told - workload.created_at < timedelta(minutes=5)


def test_what_was_never_deployed_is_none(world: ClusterDriver) -> None:
    world.until("the first list", world.cluster.fresh)
    assert world.cluster.workload(world.ref) is None
    assert world.ref not in {workload.ref for workload in world.cluster.workloads()}
    assert world.cluster.workload(WorkloadRef(namespace=world.ref.namespace, name="nobody")) is None


def test_an_image_change_makes_a_new_revision_with_a_higher_number(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    _, first = complete(world, GOOD, 1)
    world.set_tag(BETTER)
    workload, second = complete(world, BETTER, 2)
    assert second.hash != first.hash
    assert second.replica_set_uid != first.replica_set_uid
    assert second.created_at >= first.created_at
    assert workload.revision(first.replica_set_uid) == first
    assert {revision.number for revision in workload.revisions} == {1, 2}


def test_the_rollout_keeps_the_wanted_number_available(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=2)
    complete(world, GOOD, 1)
    available: list[int] = []

    def done() -> bool:
        workload = seen(world)
        available.append(workload.status.available)
        current = workload.current
        return current is not None and current.number == 2 and workload.status.complete

    world.set_tag(BETTER)
    world.until("the rollout", done)
    assert min(available) >= 2


def test_a_rollout_is_not_complete_before_it_is_observed(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    complete(world, GOOD, 1)
    world.set_tag(UNREADY)
    world.until("the new generation", lambda: seen(world).status.generation > 1)
    for _ in range(3):
        assert not seen(world).status.complete
    world.until("the observation", lambda: seen(world).status.observed)
    assert not seen(world).status.complete


def test_scaling_changes_neither_hash_nor_number(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    before, first = complete(world, GOOD, 1)
    world.scale(2)
    world.until("two replicas", lambda: seen(world).status.available == 2)
    after, same = complete(world, GOOD, 1)
    assert same == first
    assert after.status.generation > before.status.generation
    assert after.resource_version != before.resource_version
    assert set(before.pods) <= set(after.pods)


def test_pausing_changes_neither_hash_nor_number_and_stops_the_rollout(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    _, first = complete(world, GOOD, 1)
    world.pause()
    paused = world.until("pause", lambda: seen(world) if seen(world).status.paused else None)
    assert paused.current == first
    world.set_tag(BETTER)
    world.until("a template without ReplicaSet", lambda: seen(world).current is None)
    world.until("the observation", lambda: seen(world).status.observed)
    assert seen(world).revisions == (first,)
    world.resume()
    complete(world, BETTER, 2)


def test_metadata_is_not_a_rollout(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    before, first = complete(world, GOOD, 1)
    world.label("team", "heat")
    world.until("the label", lambda: seen(world).labels.get("team") == "heat")
    after = seen(world)
    assert after.current == first
    assert after.status.generation == before.status.generation
    assert after.resource_version != before.resource_version


def test_an_undo_gives_the_old_replica_set_a_new_number(world: ClusterDriver) -> None:
    world.deploy(GOOD)
    _, first = complete(world, GOOD, 1)
    world.set_tag(BETTER)
    _, second = complete(world, BETTER, 2)
    world.undo_by_somebody()
    workload, third = complete(world, GOOD, 3)
    assert third.replica_set_uid == first.replica_set_uid
    assert third.hash == first.hash
    assert not third.same_rollout(first)
    assert {revision.number for revision in workload.revisions} == {2, 3}
    world.undo_by_somebody()
    _, fourth = complete(world, BETTER, 4)
    assert fourth.replica_set_uid == second.replica_set_uid


def test_a_rollout_is_never_named_with_the_number_of_an_earlier_one(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, first = complete(world, GOOD, 1)
    world.set_tag(BETTER)
    _, second = complete(world, BETTER, 2)
    world.undo_by_somebody()
    names: list[tuple[str, int]] = []

    def arrived() -> bool:
        current = seen(world).current
        if current is not None:
            names.append((current.replica_set_uid, current.number))
        return (first.replica_set_uid, 3) in names

    world.until("the third revision", arrived)
    assert set(names) <= {(second.replica_set_uid, 2), (first.replica_set_uid, 3)}


def test_an_undo_to_a_number_takes_that_revision(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, first = complete(world, GOOD, 1)
    world.set_tag(BETTER)
    complete(world, BETTER, 2)
    world.restart()
    complete(world, BETTER, 3)
    world.undo_by_somebody(1)
    _, back = complete(world, GOOD, 4)
    assert back.replica_set_uid == first.replica_set_uid


def test_a_restart_is_a_new_revision_of_the_same_image(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, first = complete(world, GOOD, 1)
    world.restart()
    _, second = complete(world, GOOD, 2)
    assert second.images == first.images
    assert second.hash != first.hash


def test_the_template_is_the_revisions_own_and_without_its_hash(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, first = complete(world, GOOD, 1)
    world.set_tag(BETTER)
    _, second = complete(world, BETTER, 2)
    for revision in (first, second):
        template = world.cluster.template(world.ref, revision)
        assert template is not None
        assert "pod-template-hash" not in template["metadata"]["labels"]
        assert tuple(c["image"] for c in template["spec"]["containers"]) == revision.images
    assert world.cluster.template(world.ref, first) != world.cluster.template(world.ref, second)


def test_a_deleted_workload_is_none(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    _, current = complete(world, GOOD, 1)
    world.delete()
    world.until("the deletion", lambda: world.cluster.workload(world.ref) is None)
    assert world.ref not in {workload.ref for workload in world.cluster.workloads()}
    world.until("no ReplicaSet", lambda: world.cluster.template(world.ref, current) is None)


def test_a_workload_of_the_same_name_is_another_one(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    before, first = complete(world, GOOD, 1)
    world.delete()
    world.until("the deletion", lambda: world.cluster.workload(world.ref) is None)
    world.deploy(GOOD, replicas=1)
    after, second = complete(world, GOOD, 1)
    assert after.uid != before.uid
    assert second.replica_set_uid != first.replica_set_uid


def test_changes_are_told(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=1)
    complete(world, GOOD, 1)
    known = len(world.heard())
    assert known > 0
    world.set_tag(BETTER)
    world.until("a change", lambda: len(world.heard()) > known)
    assert set(world.heard()[known:]) == {world.ref}


def test_the_watches_prove_themselves(world: ClusterDriver) -> None:
    world.until("fresh watches", world.cluster.fresh)
