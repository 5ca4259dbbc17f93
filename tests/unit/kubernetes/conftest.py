from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kubernetes.client import Configuration
from pytest_httpserver import HTTPServer
from werkzeug.serving import WSGIRequestHandler

from daemon.adapters.kubernetes.client import KubeClient
from tests.unit.kubernetes.fake_api import FakeApi

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class FixedClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="package")
def running() -> Iterator[HTTPServer]:
    with pytest.MonkeyPatch.context() as patch:
        # As the API server does: streams are sent in chunks, and connections are kept.
        patch.setattr(WSGIRequestHandler, "protocol_version", "HTTP/1.1")
        with HTTPServer(threaded=True) as server:
            yield server


@pytest.fixture
def server(running: HTTPServer) -> Iterator[HTTPServer]:
    yield running
    running.clear()


@pytest.fixture
def api(server: HTTPServer) -> Iterator[FakeApi]:
    fake = FakeApi(server)
    yield fake
    fake.closing.set()


@pytest.fixture
def client(server: HTTPServer, api: FakeApi) -> Iterator[KubeClient]:
    made = KubeClient(Configuration(host=server.url_for("").rstrip("/")))
    yield made
    made.close()
