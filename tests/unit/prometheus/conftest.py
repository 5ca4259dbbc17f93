"""A Prometheus that answers as told, and a clock that is the machine's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.settings import PrometheusSettings
from tests.example import SIGNALS
from tests.unit.prometheus.looks import of_scrapes

NOW = 1_800_000_000.5


class MachineClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def row(part: str, value: str, *, pod: str = "heat-1", **labels: str) -> dict[str, Any]:
    metric = {"namespace": "greenlang", "pod": pod, "rollbackd": part, **labels}
    return {"metric": {name: text for name, text in metric.items() if text}, "value": [NOW, value]}


def pod_rows(*, pod: str = "heat-1", bad: str = "3", total: str = "100", at: str = "1799999999.25") -> Any:
    rows = [row("total", total, pod=pod), row("at", at, pod=pod), row("targets", "1", pod=pod)]
    return [row("bad", bad, pod=pod), *rows] if bad else rows


def success(rows: Sequence[Any], kind: str = "vector", **more: Any) -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": rows}, **more})


class Prometheus:
    """``answer`` is what the next queries get; ``asked`` is what they asked.

    What is asked of who scrapes is in ``looks``, and gets the same answer where ``targets`` has none.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.asked: list[Mapping[str, str]] = []
        self.looks: list[Mapping[str, str]] = []
        self.targets: Callable[[str], Sequence[Any] | None] = lambda _: None
        self.headers: list[Mapping[str, str]] = []
        self.answer: Callable[[Request], Response] = lambda _: Response(success([]))
        server.expect_request("/api/v1/query").respond_with_handler(self._handle)
        server.expect_request("/api/v1/query_range").respond_with_handler(self._handle)

    def says(self, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer = lambda _: Response(body, status=status, headers=dict(headers or {}))

    def _handle(self, request: Request) -> Response:
        asked = {**request.args.to_dict(), **request.form.to_dict()}
        if of_scrapes(asked["query"]):
            self.looks.append(asked)
            told = self.targets(asked["query"])
            return self.answer(request) if told is None else Response(success(told))
        self.asked.append(asked)
        self.headers.append(dict(request.headers))
        return self.answer(request)


@pytest.fixture
def prometheus(httpserver: HTTPServer) -> Prometheus:
    return Prometheus(httpserver)


@pytest.fixture
def make(prometheus: Prometheus) -> Iterator[Callable[..., PrometheusMetrics]]:
    """Makes the adapter under test; keywords are settings of prometheus."""
    made: list[PrometheusMetrics] = []

    def make_one(**settings: Any) -> PrometheusMetrics:
        group = PrometheusSettings.model_validate({"url": prometheus.url} | settings)
        made.append(PrometheusMetrics(group, SIGNALS, MachineClock()))
        return made[-1]

    yield make_one
    for metrics in made:
        metrics.close()


@pytest.fixture
def metrics(make: Callable[..., PrometheusMetrics]) -> PrometheusMetrics:
    return make()
