"""The settings of the cluster's tests and benchmarks load: no cluster has to be started to learn it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.healthy import __main__ as healthy
from benchmarks.idle import __main__ as idle
from benchmarks.recovery import __main__ as recovery
from benchmarks.recovery.__main__ import Lane
from daemon.settings import load
from tests import example
from tests.e2e import conftest, test_calendar, test_kills_beyond, test_runbook_whole, test_set_back
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.front_door import FrontDoor
from tests.e2e.stage import Stage
from tests.git_server import GitServer

CLUSTER = cast("Cluster", SimpleNamespace(prometheus_url="http://prometheus:9090"))


def check(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "rollbackd.yaml"
    path.write_text(json.dumps(settings))
    made = load(path)
    assert made.signals == example.SIGNALS
    assert made.health == example.HEALTH


def test_the_stories(tmp_path: Path) -> None:
    check(tmp_path, conftest.settings(CLUSTER))


def test_the_stories_of_the_whole_runbook(tmp_path: Path) -> None:
    door = cast("FrontDoor", SimpleNamespace(url="http://10.0.0.1:8080"))
    check(tmp_path, test_runbook_whole.settings(CLUSTER, door))
    check(tmp_path, test_kills_beyond.settings(CLUSTER, "greenlang-killed", door))


def test_the_stories_of_git_and_calendars(tmp_path: Path) -> None:
    git = cast("GitServer", SimpleNamespace(url="http://127.0.0.1:8080/infra.git"))
    review = {"service": "github", "api": "http://127.0.0.1:8081", "project": "platform/infra"}
    for chosen in (None, review):
        check(tmp_path, test_set_back.settings(CLUSTER, "greenlang-pushed", git, tmp_path, chosen))
    calendar = tmp_path / "season.ics"
    test_calendar.write(calendar, datetime.now(UTC) + timedelta(days=1))
    check(tmp_path, test_calendar.settings(CLUSTER, calendar))


def test_the_recovery_benchmark(tmp_path: Path) -> None:
    stage = cast("Stage", SimpleNamespace(namespace="bench-5-0"))
    other = cast("Stage", SimpleNamespace(namespace="bench-gated"))
    check(tmp_path, recovery.settings(CLUSTER, [Lane(stage, 5.0), Lane(other, 5.0, gated=True)]))


def test_the_other_benchmarks(tmp_path: Path) -> None:
    check(tmp_path, idle.settings(CLUSTER, ["app-0", "app-1"]))
    # A watch that is over before a signal has warmed up would be refused.
    check(tmp_path, healthy.settings(CLUSTER, ["healthy-5"], watch=30.0))
