"""The contracts of ``Gauges``, ``Neighbours`` and ``Nodes`` in :mod:`daemon.ports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from daemon.ports import Gauge, Missing, Neighbour, PortError
from tests.contract.drivers import SurroundingsDriver


def own(around: SurroundingsDriver) -> Mapping[str, Gauge]:
    """What the Deployment's pods say, by pod; the reading must be without problem."""
    reading = around.gauges.gauge(around.dependency)
    assert not reading.problem
    return {gauge.pod: gauge for gauge in reading.gauges if gauge.namespace == around.namespace}


def until_all(around: SurroundingsDriver, what: str, says: Callable[[Gauge], bool]) -> Mapping[str, Gauge]:
    """The newest gauges, once every pod has one and each is as wanted."""

    def look() -> Mapping[str, Gauge] | None:
        found, pods = own(around), {pod.name for pod in around.pods()}
        return found if pods and set(found) == pods and all(says(g) for g in found.values()) else None

    return around.until(what, look)


def reached(gauge: Gauge) -> bool:
    return gauge.value > 0


def only(around: SurroundingsDriver) -> Neighbour | None:
    found = [one for one in around.neighbours.neighbours(around.namespace) if one.name == around.neighbour]
    return found[0] if found else None


def database(around: SurroundingsDriver, *, healthy: bool) -> Neighbour:
    def look() -> Neighbour | None:
        found = only(around)
        return found if found is not None and found.healthy is healthy else None

    return around.until(f"the database healthy: {healthy}", look)


def test_every_pod_reports_what_it_reaches_with_the_time_of_its_scrape(around: SurroundingsDriver) -> None:
    around.deploy(replicas=2)
    gauges = until_all(around, "both pods reach it", reached)
    taken_at = around.gauges.gauge(around.dependency).taken_at
    assert len(gauges) == 2
    assert abs(taken_at - around.now()) < 10
    for gauge in gauges.values():
        assert taken_at - 3 * around.interval - 2 <= gauge.at <= taken_at


def test_an_outage_shows_at_the_next_scrape_and_the_past_tells_when_it_began(
    around: SurroundingsDriver,
) -> None:
    around.deploy(replicas=1)
    until_all(around, "the pod reaches it", reached)
    # The past is looked at in steps: an outage must not follow too soon.
    begin = around.now() + 3 * around.interval + 10
    around.until("a while", lambda: around.now() >= begin)
    around.reach(False)
    began = around.now()
    gauges = until_all(around, "the pod does not reach it", lambda gauge: not reached(gauge))
    assert all(began - 2 <= gauge.at for gauge in gauges.values())
    last = [g for g in around.gauges.last_reached(around.dependency, 3600) if g.namespace == around.namespace]
    assert [gauge.pod for gauge in last] == list(gauges)
    assert began - around.interval - 7 <= last[0].at <= began + around.interval + 7
    around.reach(True)
    until_all(around, "the pod reaches it again", reached)


def test_a_dependency_that_nobody_configured_is_a_problem(around: SurroundingsDriver) -> None:
    assert around.dependency in around.gauges.gauge("nobody").problem
    with pytest.raises(PortError):
        around.gauges.last_reached("nobody", 60)


def test_a_metrics_server_that_does_not_answer_is_a_problem_in_the_reading(
    around: SurroundingsDriver,
) -> None:
    blind = around.blind()
    reading = blind.gauge(around.dependency)
    assert reading.problem
    assert reading.gauges == ()
    with pytest.raises(PortError):
        blind.last_reached(around.dependency, 60)


def test_where_there_is_no_database_nothing_is_said_of_it(around: SurroundingsDriver) -> None:
    assert only(around) is None


def test_a_database_is_healthy_while_its_pod_is_ready(around: SurroundingsDriver) -> None:
    around.run_database()
    well = database(around, healthy=True)
    assert len(well.pods) == 1
    assert abs(well.since.timestamp() - around.now()) < 60
    around.spoil_database()
    ill = database(around, healthy=False)
    assert ill.since >= well.since
    assert ill.pods == well.pods
    assert ill.detail == "0 of 1 pods ready"


def test_a_database_whose_last_pod_has_gone_is_down(around: SurroundingsDriver) -> None:
    around.run_database()
    database(around, healthy=True)
    around.remove_database()
    around.until("the pod's end", lambda: (found := only(around)) is not None and not found.pods)
    ill = database(around, healthy=False)
    assert ill.detail == "its last pod has gone"
    assert abs(ill.since.timestamp() - around.now()) < 60


def test_the_nodes_of_the_pods_are_well_and_others_are_missing(around: SurroundingsDriver) -> None:
    around.deploy(replicas=1)
    (pod,) = around.until("a ready pod", lambda: around.pods() or None)
    assert around.nodes.trouble(pod.node) == ""
    with pytest.raises(Missing):
        around.nodes.trouble("nobody")
