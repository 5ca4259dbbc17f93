from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from daemon.adapters.incidents.sentry import SentrySink
from daemon.adapters.incidents.sentry_client import SentryOptions
from daemon.core.case.incident import Incident, Stage, render
from tests.unit.web import samples

KEY = "0123456789abcdef0123456789abcdef"


def dsn(server: HTTPServer, project: int = 6) -> str:
    return f"http://{KEY}@{server.host}:{server.port}/{project}"


def incident(stage: Stage = "opened", seconds: float = 42.0) -> Incident:
    return render(samples.rolled_back(), samples.POLICY, stage, samples.at(seconds))


def event_in(body: bytes) -> dict[str, Any]:
    """The one event of an envelope: a header line, an item's header line, the item."""
    lines = gzip.decompress(body).split(b"\n")
    assert json.loads(lines[1])["type"] == "event"
    event: dict[str, Any] = json.loads(lines[2])
    return event


@pytest.fixture
def sink(httpserver: HTTPServer) -> Iterator[SentrySink]:
    sink = SentrySink(
        SentryOptions(dsn=dsn(httpserver), environment="staging", page_url="https://rollbackd.example")
    )
    yield sink
    sink.close()
