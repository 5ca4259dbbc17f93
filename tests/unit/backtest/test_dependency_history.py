"""Gauges of the past are heard as those of the present are."""

from __future__ import annotations

from daemon.engine.backtest.dependency_history import DependencyRecord
from daemon.ports import Gauge
from tests.engine.world import REF

NEW, OLD = "6d5f8c9b4d", "7c9f465b8d"


def said(at: float, value: float, *pods: str, namespace: str = REF.namespace) -> list[Gauge]:
    return [Gauge(namespace=namespace, pod=pod, at=at, value=value) for pod in pods]


def own(revision: str) -> str:
    return f"{REF.name}-{revision}-xk7zq"


def told(*gauges: list[Gauge]) -> list[tuple[float, bool]]:
    heard = DependencyRecord(REF, NEW).hear("scada", [gauge for one in gauges for gauge in one])
    return [(change.at, change.healthy) for change in heard]


def test_only_changes_are_told() -> None:
    looks = [said(at, 0.0 if at in (30, 45) else 1.0, own(OLD)) for at in (0, 15, 30, 45, 60)]
    assert told(*looks) == [(0, True), (30, False), (60, True)]


def test_a_release_that_alone_cannot_reach_it_is_not_excused() -> None:
    looks = [said(at, 1.0, own(OLD)) + said(at, 0.0, own(NEW)) for at in (0, 15)]
    assert told(*looks) == [(0, True)]


def test_nor_one_that_never_did_once_the_old_pods_are_gone() -> None:
    assert told(said(0, 1.0, own(OLD)), said(15, 0.0, own(NEW)), said(30, 0.0, own(NEW))) == [(0, True)]


def test_pods_that_reached_it_before_are_believed() -> None:
    assert told(said(0, 1.0, own(NEW)), said(15, 0.0, own(NEW))) == [(0, True), (15, False)]


def test_an_exporter_is_heard_and_another_namespace_is_not() -> None:
    assert told(said(0, 0.0, "", namespace="")) == [(0, False)]
    assert told(said(0, 0.0, "x", namespace="furnaces")) == []


def test_nothing_is_told_of_what_nobody_says() -> None:
    assert told(said(0, float("nan"), own(OLD))) == []
