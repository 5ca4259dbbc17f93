"""An exception that nobody expected: no loop ends by it, and people hear of each distinct one once."""

from __future__ import annotations

import logging

import pytest
from prometheus_client import CollectorRegistry

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import Incident
from daemon.core.model import Workload, WorkloadRef
from daemon.engine.defects import Defects
from daemon.ports import Unavailable
from tests.engine.world import REF, World
from tests.simulation.defects import MemoryDefects, Report

BAD = "v1.1.0"


class Defective:
    """A sink that fails by a defect of its own, ``times`` times."""

    name = "memory"

    def __init__(self, times: int) -> None:
        self.left = times

    def publish(self, incident: Incident) -> str:
        if self.left > 0:
            self.left -= 1
            raise KeyError("contact")
        return f"notified of {incident.title}"


class DefectiveCluster:
    """The cluster, whose workload makes a defect show."""

    def __init__(self, world: World, defects: int) -> None:
        self._cluster = world.cluster
        self.fresh = world.cluster.fresh
        self.template = world.cluster.template
        self.server_time = world.cluster.server_time
        self.left = defects

    def workloads(self) -> tuple[Workload, ...]:
        if self.left > 0:
            self.left -= 1
            raise KeyError("workloads")
        return tuple(self._cluster.workloads())

    def workload(self, ref: WorkloadRef) -> Workload | None:
        if self.left > 0:
            self.left -= 1
            raise KeyError("workload")
        return self._cluster.workload(ref)


def test_a_defect_in_a_sink_is_reported_once_and_the_sink_is_asked_again() -> None:
    world = World(errors={BAD: 0.5}).settled()
    world.restart(sink=Defective(3))
    world.deploy(BAD)
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    world.run(60)
    case = world.store.get(case.namespace, case.name)
    assert {effect.outcome for effect in case.status.effects} == {EffectOutcome.DONE}
    (report,) = world.defects.reports
    assert (report.error, report.edge) == ("KeyError", "effect")
    assert report.about.startswith(case.key)
    assert world.count("rollbackd_defects_total", edge="effect") == 3


def test_a_defect_in_a_look_at_a_workload_is_reported_once_and_looked_at_again() -> None:
    world = World().settled()
    cluster = DefectiveCluster(world, 0)
    world.restart(cluster=cluster)
    world.drain()
    cluster.left = 2
    assert world.queue is not None
    world.queue.put(REF)
    world.run(5)
    assert world.defects.reports == [Report("KeyError", "reconcile", str(REF))]
    assert world.count("rollbackd_defects_total", edge="reconcile") == 2


class DefectiveJob:
    about = None

    def step(self) -> bool:
        raise KeyError("job")


def test_a_job_with_a_defect_does_not_end_the_worker() -> None:
    world = World().settled()
    assert world.queue is not None

    world.queue.submit(DefectiveJob())
    world.queue.submit(DefectiveJob())
    world.run(1)
    assert world.defects.reports == [Report("KeyError", "job", "")]
    world.deploy(BAD)
    world.run_until(Phase.WATCHING, within=120)


def test_a_defect_of_the_scheduler_s_is_reported_and_the_next_round_goes_on() -> None:
    world = World().settled()
    cluster = DefectiveCluster(world, 0)
    world.restart(cluster=cluster)
    world.drain()
    cluster.left = 1
    world.resync()
    assert world.defects.reports == [Report("KeyError", "resync", "")]
    world.resync()
    assert world.count("rollbackd_defects_total", edge="resync") == 1


def defects(reporter: MemoryDefects) -> Defects:
    return Defects(reporter, lambda job: job(), CollectorRegistry())


def fail(edges: Defects, secret: str, place: str) -> None:
    try:
        if place == "here":
            raise KeyError(secret)
        raise KeyError(secret)
    except KeyError as error:
        edges.caught(error, edge="job", about="shop/cart")


def test_two_places_are_two_reports_and_another_text_at_one_place_is_none() -> None:
    reporter = MemoryDefects()
    edges = defects(reporter)
    for secret in ("one", "two", "three"):
        fail(edges, secret, "here")
    assert len(reporter.reports) == 1
    fail(edges, "one", "there")
    assert len(reporter.reports) == 2


def test_a_report_that_was_refused_is_made_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    reporter = MemoryDefects()
    edges = defects(reporter)
    reporter.refusal = Unavailable("Sentry answers 503")
    fail(edges, "one", "here")
    assert "could not be reported: Sentry answers 503" in caplog.text
    reporter.refusal = None
    fail(edges, "one", "here")
    assert len(reporter.reports) == 1


def test_a_defect_after_the_pool_was_closed_is_still_logged(caplog: pytest.LogCaptureFixture) -> None:
    def closed(_: object) -> None:
        raise RuntimeError("cannot schedule new futures after shutdown")

    edges = Defects(MemoryDefects(), closed, CollectorRegistry())
    fail(edges, "one", "here")
    assert "KeyError('one')" in caplog.text
