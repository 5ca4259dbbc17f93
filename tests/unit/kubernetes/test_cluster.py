"""The three watches of a namespace together."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import pytest

from daemon import ports
from daemon.adapters.kubernetes.changes import Pace
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.workloads import KubeCluster
from daemon.core.model import WorkloadRef
from daemon.settings import NeighbourSettings
from tests.unit.kubernetes import fake_api, samples
from tests.unit.kubernetes.conftest import FixedClock
from tests.unit.kubernetes.fake_api import FakeApi
from tests.unit.kubernetes.samples import BASE, DEPLOYMENT, NAMESPACE, REF

PATIENCE = 10.0
QUICK = Pace(first_delay=0.01, last_delay=0.02, too_short=0.0)
T = TypeVar("T")


def guard(ref: WorkloadRef, labels: Mapping[str, str]) -> bool:
    return labels.get("guard") == "yes"


class Following:
    def __init__(self, client: KubeClient, clock: FixedClock) -> None:
        self.told: queue.Queue[WorkloadRef] = queue.Queue()
        self.problems: queue.Queue[str] = queue.Queue()
        self.cluster = KubeCluster(
            client,
            guard=guard,
            namespaces=[NAMESPACE],
            clock=clock,
            notify=self.told.put,
            on_problem=self.problems.put,
            neighbours=[NeighbourSettings(name="postgresql", selector="app=postgresql")],
            pace=QUICK,
        )

    def until(self, seen: Callable[[], T | None]) -> T:
        """What ``seen`` finds once it does, looked for again at each notification."""
        while True:
            try:
                found = seen()
            except ports.Unavailable:
                found = None
            if found:
                return found
            self.told.get(timeout=PATIENCE)


@pytest.fixture
def following(api: FakeApi, client: KubeClient, clock: FixedClock) -> Iterator[Following]:
    made = Following(client, clock)
    yield made
    api.closing.set()
    assert made.cluster.stop(PATIENCE) == []


@pytest.fixture
def world(api: FakeApi) -> FakeApi:
    api.put(DEPLOYMENT, samples.deployment("v1"))
    api.put(f"{BASE}/replicasets/a", samples.replica_set("v1", 1))
    api.put(f"/api/v1/namespaces/{NAMESPACE}/pods/a", samples.pod("a", "v1"))
    return api


def synced(world: FakeApi) -> None:
    for _ in range(3):
        world.watched_from.get(timeout=PATIENCE)


def test_nothing_is_answered_before_the_first_list_is_complete(following: Following) -> None:
    with pytest.raises(ports.Unavailable, match="are still being listed"):
        following.cluster.workloads()
    with pytest.raises(ports.Unavailable):
        following.cluster.workload(REF)
    assert not following.cluster.fresh()


def test_a_guarded_deployment_is_known_whole(world: FakeApi, following: Following, clock: FixedClock) -> None:
    following.cluster.start()
    synced(world)
    (workload,) = following.cluster.workloads()
    assert workload == following.cluster.workload(REF)
    assert workload.current is not None
    assert len(workload.pods) == 1
    assert following.cluster.template(REF, workload.current) == samples.template("v1")
    assert following.cluster.workload(WorkloadRef(namespace=NAMESPACE, name="other")) is None
    assert following.cluster.workload(WorkloadRef(namespace="elsewhere", name="other")) is None
    assert following.cluster.fresh()
    clock.seconds += QUICK.deadline + 1
    assert not following.cluster.fresh()


def test_a_deployment_labelled_later_is_guarded_with_all_that_belongs_to_it(
    world: FakeApi, following: Following
) -> None:
    world.put(DEPLOYMENT, samples.deployment("v1", labels={}))
    following.cluster.start()
    synced(world)
    assert following.cluster.workloads() == ()
    labelled = world.put(DEPLOYMENT, samples.deployment("v1"))

    world.watches["deployments"].put(lambda: fake_api.lines({"type": "MODIFIED", "object": labelled}))
    assert following.until(lambda: (w := following.cluster.workload(REF)) and w.pods and w.current)


def test_neighbours_are_seen_on_the_watch_of_pods(
    world: FakeApi, following: Following, clock: FixedClock
) -> None:
    with pytest.raises(ports.Unavailable, match="not followed"):
        following.cluster.neighbours(NAMESPACE)
    labels = {"app": "postgresql"}
    database = {
        "metadata": samples.metadata("postgresql-0", "db", labels=labels),
        "spec": {"containers": [{"image": "postgres:17"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    world.put(f"/api/v1/namespaces/{NAMESPACE}/pods/postgresql-0", database)
    following.cluster.start()
    synced(world)
    (neighbour,) = following.cluster.neighbours(NAMESPACE)
    assert (neighbour.name, neighbour.healthy, neighbour.pods) == ("postgresql", True, ("postgresql-0",))
    clock.seconds += QUICK.deadline + 1
    with pytest.raises(ports.Unavailable, match=f"namespace {NAMESPACE} are not followed"):
        following.cluster.neighbours(NAMESPACE)
    with pytest.raises(ports.Unavailable):
        following.cluster.neighbours("elsewhere")
    assert {path for _, path, _, _ in world.requests} == {
        f"{BASE}/deployments",
        f"{BASE}/replicasets",
        f"/api/v1/namespaces/{NAMESPACE}/pods",
    }, "nothing more is asked for them"


def test_a_forbidden_namespace_is_named_and_its_workloads_are_not_answered(
    world: FakeApi, following: Following
) -> None:
    words = 'User "x" cannot list resource "deployments"'
    world.answers["GET"] = [fake_api.status(403, words) for _ in range(1000)]
    following.cluster.start()
    assert words in following.problems.get(timeout=PATIENCE)
    assert following.cluster.problems()[NAMESPACE].startswith("forbidden: ")
    with pytest.raises(ports.Unavailable, match="cannot list"):
        following.cluster.workload(REF)
    with pytest.raises(ports.Unavailable, match="no guarded namespace may be read"):
        following.cluster.workloads()


def test_an_object_that_makes_no_sense_is_named_and_hides_no_other(
    world: FakeApi, following: Following
) -> None:
    odd = samples.deployment("v1", name="odd", uid="odd")
    odd["spec"]["replicas"] = "many"
    world.put(f"{BASE}/deployments/odd", odd)
    following.cluster.start()
    synced(world)
    assert [w.ref for w in following.cluster.workloads()] == [REF]
    problem = following.problems.get(timeout=PATIENCE)
    assert "greenlang/odd" in problem
    assert "replicas" in problem
