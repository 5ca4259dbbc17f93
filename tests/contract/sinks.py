"""Every sink there is, before the other side that it tells, or one that stands for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kubernetes.client import Configuration
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.incidents.log import LogSink
from daemon.adapters.incidents.sentry import SentryOptions, SentrySink
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.events import EventSink
from daemon.adapters.simulation.sinks import MemorySink
from daemon.ports import Denied, IncidentSink, Unavailable

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOi.token-of-the-service-account"


@dataclass(frozen=True)
class SinkDriver:
    """``refuse`` has the other side answer with a status from now on; ``None``: nothing can refuse."""

    sink: IncidentSink
    secrets: tuple[str, ...] = ()
    refuse: Callable[[int], None] | None = None


def memory() -> SinkDriver:
    sink = MemorySink()

    def refuse(status: int) -> None:
        sink.troubles.fail(Denied("403: not allowed") if status == 403 else Unavailable(f"{status}"))

    return SinkDriver(sink=sink, refuse=refuse)


def log() -> SinkDriver:
    return SinkDriver(sink=LogSink())


@contextmanager
def sentry(server: HTTPServer) -> Iterator[SinkDriver]:
    place = "/api/6/envelope/"
    server.expect_request(place).respond_with_json({})
    made = SentrySink(SentryOptions(dsn=f"http://{KEY}@{server.host}:{server.port}/6"))
    yield SinkDriver(
        sink=made,
        secrets=(KEY,),
        refuse=lambda status: _answer(server, place, status),
    )
    made.close()


@contextmanager
def events(server: HTTPServer) -> Iterator[SinkDriver]:
    place = "/api/v1/namespaces/greenlang/events"
    server.expect_request(place).respond_with_json({}, status=201)
    configuration = Configuration(host=server.url_for("").rstrip("/"))
    configuration.api_key = {"BearerToken": f"Bearer {TOKEN}"}
    client = KubeClient(configuration)
    yield SinkDriver(
        sink=EventSink(client),
        secrets=(TOKEN,),
        refuse=lambda status: _answer(server, place, status),
    )
    client.close()


def _answer(server: HTTPServer, place: str, status: int) -> None:
    server.clear_all_handlers()
    server.expect_request(place).respond_with_response(Response("no", status=status))
