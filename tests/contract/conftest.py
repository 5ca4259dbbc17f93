"""Each contract runs against the twin, and against the real thing where the end-to-end tests run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from daemon.core.runs import KINDS
from tests.backends import names
from tests.contract import services, sinks
from tests.contract.drivers import (
    CaseDriver,
    ClusterDriver,
    ConfigurationDriver,
    EventDriver,
    LogDriver,
    MetricsDriver,
    ProbeDriver,
    SurroundingsDriver,
)
from tests.contract.memory import (
    MemoryCaseDriver,
    MemoryClusterDriver,
    MemoryConfigurationDriver,
    MemoryEventDriver,
    MemoryLogDriver,
    MemoryMetricsDriver,
    MemoryProbeDriver,
)
from tests.contract.memory_surroundings import MemorySurroundingsDriver
from tests.contract.runner_driver import RunnerDriver
from tests.contract.service import Service
from tests.contract.sinks import SinkDriver

BOTH = ["memory", pytest.param("real", marks=pytest.mark.e2e)]
BACKENDS = [pytest.param(name, marks=pytest.mark.backends) for name in names()]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[ClusterDriver]:
    if request.param == "memory":
        yield MemoryClusterDriver()
        return
    from tests.contract import real

    with real.cluster_driver() as driver:
        yield driver


@pytest.fixture(params=[*BOTH, pytest.param("watched", marks=pytest.mark.e2e)])
def cases(request: pytest.FixtureRequest) -> Iterator[CaseDriver]:
    if request.param == "memory":
        yield MemoryCaseDriver()
        return
    from tests.contract import real_cases

    with real_cases.case_driver(watched=request.param == "watched") as driver:
        yield driver


@pytest.fixture(params=[*BOTH, *BACKENDS])
def fleet(request: pytest.FixtureRequest) -> Iterator[MetricsDriver]:
    if request.param == "memory":
        yield MemoryMetricsDriver()
        return
    if request.param != "real":
        from tests.backends.driver import metrics_driver

        with metrics_driver(request.param) as backend:
            yield backend
        return
    from tests.contract import real_pods

    with real_pods.metrics_driver() as driver:
        yield driver


@pytest.fixture(params=BOTH)
def probing(request: pytest.FixtureRequest) -> Iterator[ProbeDriver]:
    if request.param == "memory":
        yield MemoryProbeDriver()
        return
    from tests.contract import real_pods

    with real_pods.probe_driver() as driver:
        yield driver


@pytest.fixture(params=BOTH)
def configured(request: pytest.FixtureRequest) -> Iterator[ConfigurationDriver]:
    if request.param == "memory":
        yield MemoryConfigurationDriver()
        return
    from tests.contract import real

    with real.configuration_driver() as driver:
        yield driver


@pytest.fixture(params=BOTH)
def around(request: pytest.FixtureRequest) -> Iterator[SurroundingsDriver]:
    if request.param == "memory":
        yield MemorySurroundingsDriver()
        return
    from tests.contract import real_surroundings

    with real_surroundings.driver() as driver:
        yield driver


@pytest.fixture(params=BOTH)
def warned(request: pytest.FixtureRequest) -> Iterator[EventDriver]:
    if request.param == "memory":
        yield MemoryEventDriver()
        return
    from tests.contract import real

    with real.event_driver() as driver:
        yield driver


@pytest.fixture(params=BOTH)
def logging(request: pytest.FixtureRequest) -> Iterator[LogDriver]:
    if request.param == "memory":
        yield MemoryLogDriver()
        return
    from tests.contract import real_logs

    with real_logs.log_driver() as driver:
        yield driver


@pytest.fixture(
    params=[
        *(f"memory {kind}" for kind in KINDS),
        "real http",
        pytest.param("real job", marks=pytest.mark.e2e),
        pytest.param("real exec", marks=pytest.mark.e2e),
    ]
)
def running(request: pytest.FixtureRequest) -> Iterator[RunnerDriver]:
    from tests.contract import runners

    match request.param.split():
        case ["memory", kind]:
            yield runners.Memory(kind)
        case ["real", "http"]:
            with runners.http_driver() as driver:
                yield driver
        case _:
            from tests.contract import real_runners

            yield real_runners.driver(request.param.split()[1])


REAL_EVENTS = pytest.param("real events", marks=pytest.mark.e2e)


@pytest.fixture
def service_of(httpserver: HTTPServer, tmp_path: Path) -> Callable[[str], Service]:
    """A service by its name, as it documents itself, and our sink for it."""
    return lambda name: services.TWINS[name](httpserver, tmp_path)


@pytest.fixture(params=["memory", "log", "sentry", "events", *sinks.SERVICES, *services.TWINS, REAL_EVENTS])
def telling(request: pytest.FixtureRequest) -> Iterator[SinkDriver]:
    match request.param:
        case "memory":
            yield sinks.memory()
        case "log":
            yield sinks.log()
        case "sentry":
            with sinks.sentry(request.getfixturevalue("httpserver")) as driver:
                yield driver
        case "events":
            with sinks.events(request.getfixturevalue("httpserver")) as driver:
                yield driver
        case name if name in sinks.SERVICES:
            made = sinks.SERVICES[name]
            yield made(request.getfixturevalue("httpserver"), request.getfixturevalue("tmp_path"))
        case name if name in services.TWINS:
            yield request.getfixturevalue("service_of")(name).driver
        case _:
            from tests.contract import real

            with real.event_sink() as events:
                yield SinkDriver(sink=events)
