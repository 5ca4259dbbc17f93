"""What only the twins of metrics, health endpoints and cases can do: go wrong on demand."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.case.case import Phase, Status
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.endpoints import written
from daemon.ports import Conflict
from tests.contract.samples import new_case
from tests.contract.twins import REF, World
from tests.simulation.faulty import FaultyCaseStore
from tests.simulation.troubles import Killed


def test_no_traffic_stands_still_and_no_series_is_nothing() -> None:
    world = World()
    world.clock.advance(60)
    world.metrics.no_traffic(REF)
    world.clock.advance(10)
    before = {sample.pod: sample for sample in world.samples()}
    world.clock.advance(30)
    for sample in world.samples():
        assert sample.total == before[sample.pod].total
        assert sample.at > before[sample.pod].at
    world.metrics.no_series(REF)
    world.clock.advance(10)
    assert not world.samples()
    world.metrics.no_series(REF, False)
    world.clock.advance(10)
    assert len(world.samples()) == 3


def test_an_outage_leaves_a_gap_and_the_counters_go_on() -> None:
    world = World()
    world.clock.advance(60)
    before = {sample.pod: sample for sample in world.samples()}
    world.metrics.outage(True, "Prometheus is down")
    world.clock.advance(60)
    assert "Prometheus is down" in world.metrics.read("errors").problem
    world.metrics.outage(False)
    assert {sample.pod: sample for sample in world.samples()} == before
    world.clock.advance(6)
    for after in world.samples():
        gap = after.at - before[after.pod].at
        assert gap > 60
        assert after.total - before[after.pod].total == pytest.approx(10 * gap, abs=1.5)


def test_poison_and_ambiguity_are_seen_in_readings() -> None:
    world = World()
    world.clock.advance(60)
    world.metrics.poison(REF)
    assert all(math.isnan(sample.total) for sample in world.samples())
    pod = world.samples()[0].pod
    world.metrics.confuse(pod, "scraped twice")
    reading = world.metrics.read("errors")
    assert reading.problems == {pod: "scraped twice"}
    assert pod not in {sample.pod for sample in reading.samples}
    world.metrics.heal()
    assert not any(math.isnan(sample.total) for sample in world.samples())


def test_what_a_signal_cannot_tell_is_unclear_and_the_rest_is_as_without_it() -> None:
    plain, vague = World(), World()
    rates = Rates(bad=0.01, by_tag={"v2": 0.2}, unclear=0.1)
    vague.metrics.serve(REF, Traffic(rps=30.0, signals={"errors": rates}))
    for world in (plain, vague):
        world.clock.advance(300)
    told = {sample.pod: sample for sample in vague.samples()}
    for sample in plain.samples():
        also = told[sample.pod]
        assert sample.unclear == 0
        assert also.total == sample.total
        assert 0.07 <= also.unclear / also.total <= 0.13
        assert (also.bad or 0) + also.unclear <= also.total


def test_a_health_path_can_be_broken_by_tag() -> None:
    world = World()
    world.clock.advance(10)
    probe = MemoryHealthProbe(world.cluster)
    probe.break_path("/health", "v1", "500: no database")
    broken = probe.probe(world.workload.pods, [written("/health")])
    assert {health.detail for health in broken} == {"500: no database"}
    probe.break_path("/health", "v1", "")
    assert all(health.ok for health in probe.probe(world.workload.pods, [written("/health")]))


def test_creating_a_case_is_two_writes_and_dying_in_between_leaves_the_first() -> None:
    store = FaultyCaseStore()
    store.writes.crash_after(1)
    case = new_case("greenlang")
    with pytest.raises(Killed):
        store.create(case)
    assert store.get(case.namespace, case.name).status == Status()
    with pytest.raises(Conflict):
        store.create(case)


def test_dying_before_or_after_a_write() -> None:
    store = FaultyCaseStore()
    case = store.create(new_case("greenlang"))
    failing = replace(case, status=replace(case.status, phase=Phase.FAILING))
    store.writes.crash_after(1, made=False)
    with pytest.raises(Killed):
        store.save(failing)
    assert store.get(case.namespace, case.name) == case
    store.writes.crash_after(1)
    with pytest.raises(Killed):
        store.save(failing)
    assert store.get(case.namespace, case.name).phase is Phase.FAILING
    with pytest.raises(Conflict):
        store.save(failing)


def test_every_write_of_a_case_is_told() -> None:
    store = FaultyCaseStore()
    heard: list[WorkloadRef] = []
    store.watch(heard.append)
    case = store.create(new_case("greenlang"))
    store.delete(store.save(case))
    assert heard == [case.ref] * 4
