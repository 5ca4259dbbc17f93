"""Neighbours are known from the watch of pods, in whatever order it tells."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.adapters.kubernetes.neighbours import NeighbourStore
from daemon.ports import Neighbour
from daemon.settings import NeighbourSettings
from tests.unit.kubernetes import samples
from tests.unit.kubernetes.conftest import NOW, FixedClock
from tests.unit.kubernetes.samples import NAMESPACE, owned_by, seen

BORN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
READY_AT = datetime(2026, 11, 24, 10, 1, tzinfo=UTC)
LOST_AT = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 11, 45, tzinfo=UTC)


@pytest.fixture
def store(clock: FixedClock) -> NeighbourStore:
    wanted = [
        NeighbourSettings(name="postgresql", selector="app=postgresql"),
        NeighbourSettings(name="redis", selector="app=redis"),
    ]
    return NeighbourStore(wanted, clock)


def pod(
    name: str = "postgresql-0",
    *,
    ready: bool | None = True,
    at: datetime = READY_AT,
    app: str = "postgresql",
    phase: str = "Running",
    **metadata: Any,
) -> Change:
    """A StatefulSet's pod; ``ready`` is ``None`` before the kubelet has said anything."""
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    meta = samples.metadata(name, f"uid-{name}", labels={"app": app})
    meta["ownerReferences"] = owned_by("StatefulSet", app, f"uid-{app}")
    body = {
        "metadata": meta | metadata,
        "spec": {"containers": [{"image": "postgres:17"}]},
        "status": {"phase": phase, "conditions": [] if ready is None else [condition]},
    }
    return seen(body)


def gone(name: str = "postgresql-0") -> Change:
    return Change(kind="DELETED", meta=Meta(name=name, uid=f"uid-{name}", namespace=NAMESPACE), raw=b"")


def only(store: NeighbourStore) -> Neighbour:
    (found,) = store.neighbours(NAMESPACE)
    return found


def test_where_there_never_was_a_pod_nothing_is_said(store: NeighbourStore) -> None:
    store.saw_pod(pod("web-1", app="web"))
    store.saw_pod(gone("other"))
    assert store.neighbours(NAMESPACE) == ()


def test_a_ready_pod_is_a_healthy_neighbour_of_its_own_namespace_alone(store: NeighbourStore) -> None:
    store.saw_pod(pod())
    assert only(store) == Neighbour(
        name="postgresql", healthy=True, since=READY_AT, detail="1 of 1 pods ready", pods=("postgresql-0",)
    )
    assert store.neighbours("elsewhere") == ()


def test_it_is_down_since_its_pod_ceased_to_be_ready_and_stays_so_through_crashes(
    store: NeighbourStore,
) -> None:
    store.saw_pod(pod())
    store.saw_pod(pod(ready=False, at=LOST_AT))
    assert (only(store).healthy, only(store).since) == (False, LOST_AT)
    store.saw_pod(pod(ready=False, at=LATER))
    assert only(store).since == LOST_AT
    store.saw_pod(pod(ready=True, at=LATER))
    assert (only(store).healthy, only(store).since) == (True, LATER)


def test_it_is_down_while_fewer_than_half_are_ready(store: NeighbourStore) -> None:
    for number in range(4):
        store.saw_pod(pod(f"postgresql-{number}"))
    store.saw_pod(pod("postgresql-0", ready=False, at=LOST_AT))
    store.saw_pod(pod("postgresql-1", ready=False, at=LOST_AT))
    assert only(store).healthy
    store.saw_pod(pod("postgresql-2", ready=False, at=LATER))
    assert (only(store).healthy, only(store).since) == (False, LATER)
    assert only(store).detail == "1 of 4 pods ready"


def test_the_state_at_the_first_sight_does_not_depend_on_the_order(clock: FixedClock) -> None:
    changes = [pod("a"), pod("b", ready=False, at=LOST_AT), pod("c", ready=False, at=LATER)]
    states = set()
    for order in itertools.permutations(changes):
        store = NeighbourStore([NeighbourSettings(name="db", selector="app=postgresql")], clock)
        for change in order:
            store.saw_pod(change)
        states.add(only(store))
    assert states == {
        Neighbour(name="db", healthy=False, since=LATER, detail="1 of 3 pods ready", pods=("a", "b", "c"))
    }


def test_the_last_pods_end_is_an_outage_and_its_successor_ends_it(store: NeighbourStore) -> None:
    store.saw_pod(pod())
    store.saw_pod(gone())
    assert only(store) == Neighbour(
        name="postgresql", healthy=False, since=NOW, detail="its last pod has gone"
    )
    store.saw_pod(pod(ready=None))
    assert (only(store).healthy, only(store).since) == (False, NOW)
    store.saw_pod(pod(ready=True, at=LATER))
    assert only(store).healthy


def test_a_pod_that_has_to_go_serves_no_longer(store: NeighbourStore) -> None:
    store.saw_pod(pod())
    store.saw_pod(pod(deletionTimestamp="2026-11-24T11:30:30Z", deletionGracePeriodSeconds=30))
    assert (only(store).healthy, only(store).since) == (False, LOST_AT)


def test_scaling_down_is_no_outage(store: NeighbourStore) -> None:
    for number in range(4):
        store.saw_pod(pod(f"redis-{number}", app="redis"))
    for number in range(1, 4):
        store.saw_pod(pod(f"redis-{number}", app="redis", deletionTimestamp="2026-11-24T11:30:30Z"))
    assert (only(store).healthy, only(store).detail) == (True, "1 of 1 pods ready")


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_finished_pods_do_not_count(store: NeighbourStore, phase: str) -> None:
    store.saw_pod(pod())
    store.saw_pod(pod("postgresql-old", ready=False, phase=phase))
    assert only(store).pods == ("postgresql-0",)


def test_pods_of_jobs_do_not_count(store: NeighbourStore) -> None:
    job = owned_by("Job", "backup", "uid-backup")
    store.saw_pod(pod("backup", ready=False, ownerReferences=job))
    assert store.neighbours(NAMESPACE) == ()


def test_a_pod_that_lost_its_label_belongs_to_it_no_more(store: NeighbourStore) -> None:
    store.saw_pod(pod("a"))
    store.saw_pod(pod("b"))
    store.saw_pod(pod("b", app="debugged"))
    assert only(store).pods == ("a",)


def test_a_pod_that_nobody_described_yet_is_not_ready_since_it_was_made(store: NeighbourStore) -> None:
    store.saw_pod(pod(ready=None))
    assert (only(store).healthy, only(store).since) == (False, BORN)
