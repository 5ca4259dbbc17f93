"""Floods of alerts: they delay no rollback, and what was acknowledged is on its case."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime

import msgspec
import pytest

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.case.case import Case
from daemon.core.model import Alert, Workload, WorkloadRef
from daemon.engine.delivery import Delivery
from daemon.engine.queue import MOST_JOBS
from daemon.ports import Cluster, Rejected, Unavailable
from tests.engine.world import POLICY, REF, World
from tests.simulation.faulty import FaultyCaseStore

DECIDES = "ValidationFailures"
WRITE = 0.01
"""Seconds that the API server takes for one."""


class SlowStore(FaultyCaseStore):
    """Each write takes its time; those of some workloads are refused."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.refused: frozenset[WorkloadRef] = frozenset()
        self.seconds = 0.0

    def save(self, case: Case) -> Case:
        self._clock.advance(self.seconds)
        if case.ref in self.refused:
            raise Rejected(f"case {case.key} is too large")
        return super().save(case)


class Crowded:
    """The world's cluster, and beside its workload others that are like it and stand still."""

    def __init__(self, cluster: Cluster, others: int) -> None:
        self._cluster = cluster
        like = cluster.workload(REF)
        assert like is not None
        refs = [WorkloadRef(namespace="crowd", name=f"app-{number}") for number in range(others)]
        self._others: Mapping[WorkloadRef, Workload] = {
            ref: msgspec.structs.replace(like, ref=ref, uid=f"uid-{ref.name}") for ref in refs
        }

    def __getattr__(self, name: str) -> object:
        return getattr(self._cluster, name)

    def workloads(self) -> Sequence[Workload]:
        return (*self._cluster.workloads(), *self._others.values())

    def workload(self, ref: WorkloadRef) -> Workload | None:
        return self._others.get(ref) or self._cluster.workload(ref)


def crowded(others: int) -> tuple[World, SlowStore]:
    world = World(policy=msgspec.structs.replace(POLICY, decisive_alerts=(DECIDES,)), errors={"v1.0.1": 0.6})
    world.store = store = SlowStore(world.clock)
    store.watch(lambda ref: world.queue.put(ref) if world.queue else None)
    world.run(900, step=15.0)
    world.start(cluster=Crowded(world.cluster, others))  # type: ignore[arg-type]
    world.run(5)
    store.seconds = WRITE
    return world, store


def alert(ref: WorkloadRef, number: int, began: datetime, name: str = "HighLatency") -> Alert:
    labels = {"namespace": ref.namespace, "deployment": ref.name}
    return Alert(fingerprint=f"{name}{number}", name=name, starts_at=began, status="firing", labels=labels)


def flood(others: int, each: int, began: datetime) -> list[Alert]:
    refs = [WorkloadRef(namespace="crowd", name=f"app-{number % others}") for number in range(others * each)]
    return [alert(ref, number, began) for number, ref in enumerate(refs)]


def seconds_to_rollback(world: World, deliveries: Sequence[Sequence[Alert]]) -> float:
    """From a bad release, into a crowd of deliveries, to the decision."""
    assert world.daemon is not None
    world.deploy("v1.0.1")
    began = world.clock.now()
    for alerts in deliveries:
        world.daemon.engine.deliver(alerts)
    polled = began
    while (case := world.newest()) is None or case.status.failing_at is None:
        assert (world.clock.now() - began).total_seconds() < 300, "no decision"
        world.cluster.tick()
        if not world.daemon.engine.step():
            world.run(1.0)
        # The scheduler polls on a thread of its own, however much the worker has to do.
        if (world.clock.now() - polled).total_seconds() >= world.poll_interval:
            polled = world.clock.now()
            world.daemon.engine.poll()
    return (case.status.failing_at - began).total_seconds()


@pytest.mark.parametrize(("others", "senders"), [(1, 1), pytest.param(80, 40, marks=pytest.mark.e2e)])
def test_eight_thousand_alerts_delay_the_decision_by_less_than_five_seconds(
    others: int, senders: int
) -> None:
    undisturbed = seconds_to_rollback(crowded(others)[0], [])
    world, _ = crowded(others)
    alerts = flood(others, 8000 // others, world.clock.now())
    share = len(alerts) // senders
    deliveries = [alerts[number * share : (number + 1) * share] for number in range(senders)]
    assert seconds_to_rollback(world, deliveries) <= undisturbed + 5


def test_a_delivery_is_one_write_for_each_case_and_all_of_it_is_there() -> None:
    world, store = crowded(20)
    assert world.daemon is not None
    before = store.writes.calls
    alerts = flood(20, 50, world.clock.now())
    delivery = world.daemon.engine.deliver(alerts)
    world.drain()
    assert delivery.wait(0.0) == 1000
    assert store.writes.calls - before == 20
    kept = {one.identity for case in store.cases() for one in case.status.alerts}
    assert kept == {one.identity for one in alerts}


def test_what_its_sender_no_longer_waits_for_is_dropped_and_comes_again_as_a_whole() -> None:
    world, store = crowded(20)
    assert world.daemon is not None
    alerts = flood(20, 1, world.clock.now())
    delivery = world.daemon.engine.deliver(alerts)
    for _ in range(9):
        world.daemon.engine.step()
    with pytest.raises(Unavailable, match="not stored within"):
        delivery.wait(0.0)
    before = store.writes.calls
    world.drain()
    assert store.writes.calls == before, "nobody waits for the rest"
    assert not delivery.recorded
    again = world.daemon.engine.deliver(alerts)
    world.drain()
    assert again.wait(0.0) == 20
    assert sum(len(case.status.alerts) for case in store.cases()) == 20


def test_a_case_that_cannot_be_stored_keeps_only_its_own_alerts_from_being_recorded() -> None:
    world, store = crowded(5)
    assert world.daemon is not None
    store.refused = frozenset({WorkloadRef(namespace="crowd", name="app-1")})
    delivery = world.daemon.engine.deliver(flood(5, 1, world.clock.now()))
    world.drain()
    with pytest.raises(Rejected, match="app-1"):
        delivery.wait(0.0)
    assert sum(len(case.status.alerts) for case in store.cases()) == 4


def test_more_deliveries_than_can_wait_are_turned_away() -> None:
    world, _ = crowded(1)
    assert world.daemon is not None
    began = world.clock.now()
    waiting = [world.daemon.engine.deliver([alert(REF, n, began)]) for n in range(MOST_JOBS)]
    with pytest.raises(Unavailable, match="deliver again"):
        world.daemon.engine.deliver([alert(REF, MOST_JOBS, began)])
    world.drain()
    assert all(delivery.wait(0.0) == 1 for delivery in waiting)


def test_a_defect_in_a_step_is_told_to_the_sender_and_not_to_the_worker() -> None:
    def steps() -> Generator[None, None, int]:
        yield None
        raise ZeroDivisionError

    delivery = Delivery(steps(), lambda _: None, lambda _: None)
    assert delivery.step()
    assert not delivery.step()
    with pytest.raises(ZeroDivisionError):
        delivery.wait(0.0)
