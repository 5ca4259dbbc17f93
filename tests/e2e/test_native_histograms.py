"""Native histograms of several kinds under one name, in a real Prometheus: each is read at its own edges."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from daemon.adapters.clock import SystemClock
from daemon.core.signals.sample import Sample
from tests.e2e.cluster import binaries
from tests.e2e.own_prometheus import prometheus
from tests.e2e.remote_write import CUSTOM, Native, Series, push
from tests.e2e.rollouts import NATIVE
from tests.e2e.two_paths import adapter, time_of

pytestmark = pytest.mark.e2e

HALVES = Native(0, {-1: 5, 0: 2, 1: 7})
"""(0.25, 0.5], (0.5, 1] and (1, 2]."""
QUARTERS = Native(2, {-4: 5, -2: 1, -1: 1, 1: 7})
"""Up to 0.5, (0.59, 0.71], (0.71, 0.84] and above 1."""
CONVERTED = Native(CUSTOM, {0: 5, 1: 2, 2: 7}, edges=(0.5, 1.0, 2.5))
OTHERWISE = Native(CUSTOM, {0: 5, 1: 2, 2: 7}, edges=(0.6, 0.9, 2.5))
ENDLESS = Native(CUSTOM, {0: 5, 1: 9}, edges=(0.5,))
QUIET = Native(3, {-30: 14})
EMPTY = Native(0, {})

BETWEEN = {
    "halves": (14.0, 7.0, 2.0),
    "quarters": (14.0, 7.0, 1.0),
    "converted": (14.0, 7.0, 2.0),
    "otherwise": (14.0, 7.0, 2.0),
    "endless": (14.0, 0.0, 9.0),
    "quiet": (14.0, 0.0, 0.0),
    "empty": (0.0, None, 0.0),
}
"""All, bad and unclear of those slower than 0.75 s."""


@pytest.fixture
def server() -> Iterator[str]:
    with prometheus(binaries.ensure() / "prometheus") as url:
        yield url


def pods(**histograms: Native) -> list[Series]:
    # Some seconds ago: a history is asked in steps of seconds, and the last one may lie before this moment.
    now = time.time() - 5
    return [
        Series(
            {"__name__": NATIVE, "namespace": "gl", "pod": f"{name}-1", "instance": name, "job": "pods"},
            [(now, histogram)],
        )
        for name, histogram in histograms.items()
    ]


def counted(samples: tuple[Sample, ...]) -> Mapping[str, tuple[float, float | None, float]]:
    return {one.pod.removesuffix("-1"): (one.total, one.bad, one.unclear) for one in samples}


def test_histograms_that_cannot_be_added_are_read_each_at_its_own_edges(server: str) -> None:
    every = {
        "halves": HALVES,
        "quarters": QUARTERS,
        "converted": CONVERTED,
        "otherwise": OTHERWISE,
        "endless": ENDLESS,
        "quiet": QUIET,
        "empty": EMPTY,
    }
    push(server, pods(**every))
    now = time.time()
    with closing(adapter(server, SystemClock())) as metrics:
        reading = metrics.read("native-between")
        assert (reading.problem, dict(reading.problems)) == ("", {})
        assert counted(reading.samples) == BETWEEN
        history = metrics.history("native-between", time_of(now - 60), time_of(now + 1))
        assert counted(history) == BETWEEN


def test_a_coarser_one_that_comes_changes_nothing_of_the_others(server: str) -> None:
    with closing(adapter(server, SystemClock())) as metrics:
        push(server, pods(quarters=QUARTERS))
        assert counted(metrics.read("native-between").samples) == {"quarters": BETWEEN["quarters"]}
        push(server, pods(halves=HALVES, endless=ENDLESS))
        after = counted(metrics.read("native-between").samples)
        assert after == {name: BETWEEN[name] for name in ("quarters", "halves", "endless")}


def test_the_first_slow_request_of_a_pod_is_not_told_by_the_edges_of_others(server: str) -> None:
    few = Native(CUSTOM, {0: 14}, edges=(0.5,))
    with closing(adapter(server, SystemClock())) as metrics:
        push(server, pods(quarters=QUARTERS, halves=HALVES, endless=few))
        assert counted(metrics.read("native-between").samples)["endless"] == (14, 0, 0)
        push(server, pods(endless=Native(CUSTOM, {0: 14, 1: 3}, edges=(0.5,))))
        assert counted(metrics.read("native-between").samples)["endless"] == (17, 0, 3)
