"""Who has to say that a dependency is down for it to be so."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.model import Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.engine.dependencies import (
    DependencyHistory,
    DependencyState,
    begin_history,
    dependency_state,
    update_history,
)
from daemon.ports import Gauge

NOW = 1_800_000_000.0
BORN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
UP, DOWN = 1.0, 0.0


def revision(number: int) -> Revision:
    return Revision(
        hash=f"h{number}",
        replica_set=f"heat-h{number}",
        replica_set_uid=f"rs-{number}",
        number=number,
        images=(f"heat:v{number}",),
        created_at=BORN,
    )


OLD, NEW = revision(1), revision(2)


def pod(name: str, of: Revision, *, deleting: bool = False) -> Pod:
    return Pod(
        name=name,
        uid=name,
        replica_set=of.replica_set,
        replica_set_uid=of.replica_set_uid,
        created_at=BORN,
        deleting=deleting,
    )


def workload(*pods: Pod) -> Workload:
    return Workload(
        ref=WorkloadRef(namespace="greenlang", name="heat"),
        uid="d",
        resource_version="1",
        created_at=BORN,
        labels={},
        current=NEW,
        revisions=(OLD, NEW),
        pods=pods,
        status=RolloutStatus(
            generation=1, observed_generation=1, desired=2, replicas=2, updated=2, available=2
        ),
    )


OLD_PODS = [pod(f"heat-h1-old0{n}", OLD) for n in range(2)]
NEW_PODS = [pod(f"heat-h2-new0{n}", NEW) for n in range(2)]
WORKLOAD = workload(*OLD_PODS, *NEW_PODS)


def gauges(of: list[Pod], *values: float, at: float = NOW) -> list[Gauge]:
    return [
        Gauge(namespace="greenlang", pod=p.name, at=at, value=value)
        for p, value in zip(of, values, strict=True)
    ]


def exporter(value: float, *, namespace: str = "", name: str = "", at: float = NOW) -> Gauge:
    return Gauge(namespace=namespace, pod=name, at=at, value=value)


def stands(*found: Gauge, of: Workload = WORKLOAD) -> DependencyState | None:
    return dependency_state(found, of, NEW, not_before=NOW - 60)


def told(*found: Gauge, of: Workload = WORKLOAD) -> DependencyState:
    seen = stands(*found, of=of)
    assert seen is not None
    return seen


def test_down_for_old_and_new_pods_is_down() -> None:
    seen = told(*gauges(OLD_PODS, DOWN, DOWN), *gauges(NEW_PODS, DOWN, DOWN))
    assert (seen.healthy, seen.confirmed) == (False, True)
    assert seen.detail == "reported down by 2 of 2 new pods and 2 of 2 others"


def test_what_only_the_new_pods_do_not_reach_is_the_releases_doing() -> None:
    seen = told(*gauges(OLD_PODS, UP, UP), *gauges(NEW_PODS, DOWN, DOWN))
    assert seen.healthy
    assert "the release cannot reach it: reported down by 2 of 2 new pods and 0 of 2 others" in seen.detail


def test_what_the_new_pods_reach_is_not_why_they_fail() -> None:
    seen = told(*gauges(OLD_PODS, DOWN, DOWN), *gauges(NEW_PODS, UP, UP))
    assert seen.healthy
    assert "the new pods reach it" in seen.detail


def test_with_nobody_else_to_ask_it_is_down_but_not_confirmed() -> None:
    seen = told(*gauges(NEW_PODS, DOWN, DOWN), of=workload(*NEW_PODS))
    assert (seen.healthy, seen.confirmed) == (False, False)
    assert "no other to ask" in seen.detail


@pytest.mark.parametrize(
    "witness", [exporter(DOWN), exporter(DOWN, namespace="greenlang", name="exporter-1")]
)
def test_an_exporter_is_a_witness(witness: Gauge) -> None:
    assert not told(witness).healthy
    seen = told(witness, *gauges(NEW_PODS, DOWN, DOWN), of=workload(*NEW_PODS))
    assert (seen.healthy, seen.confirmed) == (False, True)


def test_another_namespace_is_none_of_its_business() -> None:
    assert stands(exporter(DOWN, namespace="staging", name="heat-h1-old00")) is None


def test_a_pod_on_its_way_out_is_no_witness() -> None:
    leaving = pod("heat-h1-old09", OLD, deleting=True)
    gone = pod("heat-h1-gone0", OLD)
    shutting = gauges([leaving, gone], DOWN, DOWN)
    seen = told(*shutting, *gauges(NEW_PODS, DOWN, DOWN), of=workload(leaving, *NEW_PODS))
    assert not seen.confirmed
    assert stands(*shutting, of=workload(leaving)) is None


def test_old_scrapes_and_no_numbers_say_nothing() -> None:
    assert stands(*gauges(OLD_PODS, DOWN, DOWN, at=NOW - 61)) is None
    assert stands(*gauges(OLD_PODS, float("nan"), float("nan"))) is None
    assert stands() is None


def test_it_stands_so_since_the_first_scrape_that_says_so() -> None:
    early, late = OLD_PODS
    found = [*gauges([early], DOWN, at=NOW - 20), *gauges([late], DOWN, at=NOW - 5)]
    assert told(*found).at == NOW - 20
    found = [*gauges([early], UP, at=NOW - 20), *gauges([late], DOWN, at=NOW - 5)]
    assert (told(*found).healthy, told(*found).at) == (False, NOW - 5)


VALUES = st.sampled_from([UP, DOWN, float("nan"), -1.0, 42.0])
EVERYBODY = st.tuples(
    st.lists(VALUES, min_size=2, max_size=2),
    st.lists(VALUES, min_size=2, max_size=2),
    st.lists(VALUES, max_size=2),
)


@given(EVERYBODY, st.randoms())
def test_the_order_of_the_series_does_not_matter(
    values: tuple[list[float], list[float], list[float]], source: Random
) -> None:
    old, new, outside = values
    found = [*gauges(OLD_PODS, *old), *gauges(NEW_PODS, *new), *(exporter(value) for value in outside)]
    shuffled = list(found)
    source.shuffle(shuffled)
    assert stands(*found) == stands(*shuffled)


@given(EVERYBODY)
def test_it_is_never_down_while_the_new_pods_reach_it_or_most_others_do(
    values: tuple[list[float], list[float], list[float]],
) -> None:
    old, new, outside = values
    seen = stands(*gauges(OLD_PODS, *old), *gauges(NEW_PODS, *new), *(exporter(v) for v in outside))
    if seen is None or seen.healthy:
        return
    reporting, others = numbers(new), numbers([*old, *outside])
    assert 2 * sum(value <= 0 for value in reporting) >= len(reporting)
    assert 2 * sum(value <= 0 for value in others) >= len(others)
    assert seen.confirmed is bool(others)


def numbers(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


ALL_UP = told(*gauges(OLD_PODS, UP, UP), *gauges(NEW_PODS, UP, UP))
OLD_UP = told(*gauges(OLD_PODS, UP, UP), *gauges(NEW_PODS, DOWN, DOWN))
ALL_DOWN = told(*gauges(OLD_PODS, DOWN, DOWN), *gauges(NEW_PODS, DOWN, DOWN))
ALONE = workload(*NEW_PODS)
ALONE_DOWN = told(*gauges(NEW_PODS, DOWN, DOWN), of=ALONE)
ALONE_UP = told(*gauges(NEW_PODS, UP, UP), of=ALONE)


def story(*standings: DependencyState) -> DependencyHistory:
    first, *others = standings
    so_far = DependencyHistory(standing=first, since=first.at, reached=first.reached)
    for found in others:
        so_far = update_history(so_far, found)
    return so_far


def test_what_no_new_pod_ever_reached_and_the_old_ones_did_to_their_end_is_the_releases_doing() -> None:
    end = story(OLD_UP, ALONE_DOWN, ALONE_DOWN).standing
    assert end.healthy
    assert "no new pod ever did" in end.detail


def test_what_new_pods_reached_once_may_be_down_when_they_do_not_any_more() -> None:
    for before in ((ALL_UP,), (OLD_UP, ALONE_UP)):
        end = story(*before, ALONE_DOWN).standing
        assert (end.healthy, end.confirmed) == (False, False)


def test_an_outage_stays_confirmed_when_its_witnesses_leave() -> None:
    end = story(ALL_UP, ALL_DOWN, ALONE_DOWN)
    assert (end.standing.healthy, end.standing.confirmed) == (False, True)


def test_the_beginning_outlives_what_changes_within_a_state() -> None:
    later = [
        replace(found, at=NOW + 100 * n) for n, found in enumerate((ALL_UP, ALL_DOWN, ALONE_DOWN, ALL_UP))
    ]
    assert [story(*later[: n + 1]).since for n in range(4)] == [NOW, NOW + 100, NOW + 100, NOW + 300]


def begun(found: DependencyState, *reached: Gauge, started_at: float = NOW - 30) -> DependencyHistory:
    return begin_history(found, reached, PodOwners(WORKLOAD), NEW, started_at=started_at, earliest=NOW - 3600)


def test_after_a_restart_the_past_tells_who_reached_it_last() -> None:
    old = gauges(OLD_PODS, UP, UP, at=NOW - 20)
    assert begun(ALONE_DOWN, *old).standing.healthy, "the old pods did, when the new ones took over"
    assert not begun(ALONE_DOWN, *old, started_at=NOW + 300).standing.healthy, "nobody did for long"
    assert not begun(ALONE_DOWN, *old, *gauges(NEW_PODS, UP, UP, at=NOW - 5)).standing.healthy
    assert not begun(ALL_DOWN, *old).standing.healthy, "others do not reach it now"


def test_an_old_outage_keeps_its_age() -> None:
    assert begun(ALL_DOWN, *gauges(OLD_PODS, UP, UP, at=NOW - 900)).since == NOW - 900
    assert begun(ALL_DOWN).since == NOW - 3600
    assert begun(ALL_DOWN, *gauges(OLD_PODS, UP, UP, at=NOW + 5)).since == NOW, "not after it was seen"
