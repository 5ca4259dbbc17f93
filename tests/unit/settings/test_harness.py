"""The settings of the cluster's tests and benchmarks load: no cluster has to be started to learn it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.healthy import __main__ as healthy
from benchmarks.idle import __main__ as idle
from benchmarks.recovery import __main__ as recovery
from daemon.settings import load
from tests import example
from tests.e2e import conftest
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.stage import Stage

CLUSTER = cast("Cluster", SimpleNamespace(prometheus_url="http://prometheus:9090"))


def check(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "rollbackd.yaml"
    path.write_text(json.dumps(settings))
    made = load(path)
    assert made.signals == example.SIGNALS
    assert made.health == example.HEALTH


def test_the_stories(tmp_path: Path) -> None:
    check(tmp_path, conftest.settings(CLUSTER))


def test_the_recovery_benchmark(tmp_path: Path) -> None:
    stage = cast("Stage", SimpleNamespace(namespace="bench-5-0"))
    check(tmp_path, recovery.settings(CLUSTER, [(stage, 5.0)]))


def test_the_other_benchmarks(tmp_path: Path) -> None:
    check(tmp_path, idle.settings(CLUSTER, ["app-0", "app-1"]))
    # A watch that is over before a signal has warmed up would be refused.
    check(tmp_path, healthy.settings(CLUSTER, ["healthy-5"], watch=30.0))
