"""What is known is the same in whichever order the three watches tell it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial

import msgspec
import pytest

from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.adapters.kubernetes.store import Store
from daemon.core.model import WorkloadRef
from tests.unit.kubernetes import samples
from tests.unit.kubernetes.samples import REF, seen


def guard(ref: WorkloadRef, labels: Mapping[str, str]) -> bool:
    return labels.get("guard") == "yes"


def gone(uid: str, name: str = "x") -> Change:
    return Change(kind="DELETED", meta=Meta(name=name, uid=uid, namespace=samples.NAMESPACE), raw=b"")


def unguarded(tag: str = "v1") -> samples.Object:
    return samples.deployment(tag, labels={})


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    store = Store(guard)
    arrivals: list[Callable[[], object]] = [
        lambda: store.saw_deployment(seen(samples.deployment("v2"))),
        lambda: store.saw_replica_set(seen(samples.replica_set("v1", 1))),
        lambda: store.saw_replica_set(seen(samples.replica_set("v2", 2))),
        lambda: store.saw_pod(seen(samples.pod("a", "v2"))),
    ]
    for index in order:
        arrivals[index]()
    workload = store.workload(REF)
    assert workload is not None
    assert workload.current is not None
    assert workload.current.number == 2
    assert [r.number for r in workload.revisions] == [1, 2]
    assert len(workload.pods_of(workload.current)) == 1
    assert store.workloads() == (workload,)


def test_nothing_of_an_unguarded_deployment_is_kept() -> None:
    store = Store(guard)
    store.saw_pod(seen(samples.pod("early", "v1")))
    store.saw_deployment(seen(unguarded()))
    assert store.saw_replica_set(seen(samples.replica_set("v1", 1))) == ((), False)
    assert store.saw_pod(seen(samples.pod("a", "v1"))) == ()
    assert store.workloads() == ()
    assert not store._pods
    assert not store._replica_sets


def test_a_deployment_that_becomes_guarded_asks_for_what_was_dropped() -> None:
    store = Store(guard)
    store.saw_deployment(seen(unguarded()))
    store.saw_replica_set(seen(samples.replica_set("v1", 1)))
    assert store.saw_deployment(seen(samples.deployment("v1"))) == ((REF,), True)
    assert store.saw_replica_set(seen(samples.replica_set("v1", 1))) == ((REF,), False)
    assert store.saw_pod(seen(samples.pod("a", "v1"))) == (REF,)
    workload = store.workload(REF)
    assert workload is not None
    assert len(workload.pods) == 1


def test_a_deployment_that_is_no_longer_guarded_is_forgotten() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    store.saw_replica_set(seen(samples.replica_set("v1", 1)))
    assert store.saw_deployment(seen(unguarded())) == ((REF,), False)
    assert store.workload(REF) is None


def test_after_everything_is_deleted_in_any_order_nothing_is_left() -> None:
    for order in itertools.permutations(range(3)):
        store = Store(guard)
        store.saw_deployment(seen(samples.deployment("v1")))
        store.saw_replica_set(seen(samples.replica_set("v1", 1)))
        store.saw_pod(seen(samples.pod("a", "v1")))
        deletions: list[Callable[[], object]] = [
            partial(store.saw_deployment, gone(samples.UID, samples.NAME)),
            partial(store.saw_replica_set, gone("rs-v1")),
            partial(store.saw_pod, gone("pod-a")),
        ]
        for index in order:
            deletions[index]()
        assert store.workloads() == ()
        left = [name for name, held in vars(store).items() if isinstance(held, dict | set) and held]
        assert left == []


def test_a_deployment_made_again_is_another_and_the_late_deletion_of_the_first_changes_nothing() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    store.saw_deployment(seen(samples.deployment("v1", uid="second")))
    store.saw_deployment(gone(samples.UID, samples.NAME))
    workload = store.workload(REF)
    assert workload is not None
    assert workload.uid == "second"


def test_every_change_shows_at_once() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    store.saw_replica_set(seen(samples.replica_set("v1", 1)))
    store.saw_pod(seen(samples.pod("a", "v1")))
    assert store.saw_pod(seen(samples.pod("a", "v1", conditions=[]))) == (REF,)
    workload = store.workload(REF)
    assert workload is not None
    assert not workload.pods[0].ready
    assert store.saw_pod(gone("pod-a")) == (REF,)
    workload = store.workload(REF)
    assert workload is not None
    assert workload.pods == ()


@pytest.mark.parametrize("drop", ["spec", "metadata"])
def test_an_object_that_makes_no_sense_leaves_what_was_known(drop: str) -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    body = samples.deployment("v2")
    change = seen(body)
    del body[drop]
    with pytest.raises(msgspec.DecodeError):
        store.saw_deployment(msgspec.structs.replace(change, raw=json.dumps(body).encode()))
    assert store.workload(REF) is not None


def test_a_bare_pod_and_a_bare_replica_set_concern_nobody() -> None:
    store = Store(guard)
    lonely_set = samples.replica_set("v1", 1)
    del lonely_set["metadata"]["ownerReferences"]
    assert store.saw_replica_set(seen(lonely_set)) == ((), False)
    assert store.saw_pod(seen(samples.pod("a", "v1"))) == ()
    lonely_pod = samples.pod("b", "v1")
    lonely_pod["metadata"]["ownerReferences"] = None
    assert store.saw_pod(seen(lonely_pod)) == ()
    assert not store._pods
    store.saw_deployment(seen(samples.deployment("v1")))
    adopted = samples.replica_set("v1", 1)
    assert store.saw_replica_set(seen(adopted)) == ((REF,), True), (
        "its pods were dropped, and must be told again"
    )
    assert store.saw_replica_set(seen(adopted)) == ((REF,), False)


def test_a_replica_set_that_changes_hands_takes_its_pods_along() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    mine = samples.replica_set("v1", 1)
    store.saw_replica_set(seen(mine))
    store.saw_pod(seen(samples.pod("a", "v1")))
    orphan = samples.replica_set("v1", 1)
    del orphan["metadata"]["ownerReferences"]
    assert store.saw_replica_set(seen(orphan)) == ((REF,), False)
    workload = store.workload(REF)
    assert workload is not None
    assert (workload.revisions, workload.pods) == ((), ())
    assert store.saw_replica_set(seen(mine)) == ((REF,), False)
    workload = store.workload(REF)
    assert workload is not None
    assert len(workload.pods) == 1


def test_a_pod_that_its_replica_set_lets_go_is_nobodys() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    store.saw_replica_set(seen(samples.replica_set("v1", 1)))
    store.saw_pod(seen(samples.pod("a", "v1")))
    free = samples.pod("a", "v1")
    free["metadata"]["ownerReferences"] = None
    assert store.saw_pod(seen(free)) == (REF,)
    workload = store.workload(REF)
    assert workload is not None
    assert workload.pods == ()


def test_a_template_is_found_by_its_revision() -> None:
    store = Store(guard)
    store.saw_deployment(seen(samples.deployment("v1")))
    store.saw_replica_set(seen(samples.replica_set("v1", 1)))
    workload = store.workload(REF)
    assert workload is not None
    assert workload.current is not None
    template = store.template(REF, workload.current)
    assert template is not None
    assert template.unpack() == samples.template("v1")
    assert store.template(REF, msgspec.structs.replace(workload.current, replica_set_uid="none")) is None
