"""Every sink there is, before the other side that it tells, or one that stands for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubernetes.client import Configuration
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.incidents.log import LogSink
from daemon.adapters.incidents.pagerduty import PagerDutySink
from daemon.adapters.incidents.sentry import SentrySink
from daemon.adapters.incidents.sentry_client import SentryOptions
from daemon.adapters.incidents.webhook import WebhookSink
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.events import EventSink
from daemon.ports import Denied, IncidentSink, Unavailable
from tests.contract.samples import BEGAN
from tests.simulation.faulty import FaultySink

KEY = "0123456789abcdef0123456789abcdef"
SIGNED = "c2VjcmV0LW9mLXRoZS1yZWNlaXZlci1vZi1pbmNpZGVudHM="
TOKEN = "eyJhbGciOi.token-of-the-service-account"


@dataclass(frozen=True)
class SinkDriver:
    """``refuse`` has the other side answer with a status from now on; ``None``: nothing can refuse."""

    sink: IncidentSink
    secrets: tuple[str, ...] = ()
    refuse: Callable[[int], None] | None = None


def memory() -> SinkDriver:
    sink = FaultySink()

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


def pagerduty(server: HTTPServer, folder: Path) -> SinkDriver:
    place = "/v2/enqueue"
    server.expect_request(place).respond_with_json({"status": "success"}, status=202)
    file = folder / "key"
    file.write_text(KEY)
    return SinkDriver(
        sink=PagerDutySink(file, address=server.url_for("")),
        secrets=(KEY,),
        refuse=lambda status: _answer(server, place, status, f"no: {KEY}"),
    )


def webhook(server: HTTPServer, folder: Path) -> SinkDriver:
    place = "/incidents/hook-7f3a"
    server.expect_request(place).respond_with_data("", status=204)
    file = folder / "secret"
    file.write_text(f"whsec_{SIGNED}\n")
    return SinkDriver(
        sink=WebhookSink(server.url_for(place), file, now=lambda: BEGAN),
        secrets=(SIGNED,),
        refuse=lambda status: _answer(server, place, status, f"no: {SIGNED} at {server.url_for(place)}"),
    )


SERVICES: Mapping[str, Callable[[HTTPServer, Path], SinkDriver]] = {
    "pagerduty": pagerduty,
    "webhook": webhook,
}


def _answer(server: HTTPServer, place: str, status: int, text: str = "no") -> None:
    server.clear_all_handlers()
    server.expect_request(place).respond_with_response(Response(text, status=status))
