"""A Prometheus over HTTP whose samples are those of a world in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.core.signals.sample import Sample
from tests.engine.world import World
from tests.unit.prometheus.looks import of_scrapes

SIGNALS = {"errors": "http_errors", "latency": "http_slow"}
"""Signal → the metric that its query for bad events names."""
STALE = 15.0
"""Seconds between two scrapes: what is older is gone."""


class RememberingPrometheus:
    """Answers range queries. ``before`` is called with each query's number, and may answer in its place."""

    def __init__(self, server: HTTPServer, world: World) -> None:
        self.url = server.url_for("").rstrip("/")
        self.queries: list[Mapping[str, str]] = []
        self.before: Callable[[int], Response | None] = lambda _: None
        self._world = world
        server.expect_request("/api/v1/query_range").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        asked = {**request.args.to_dict(), **request.form.to_dict()}
        if of_scrapes(asked["query"]):
            return Response(_matrix([]))
        self.queries.append(asked)
        told = self.before(len(self.queries))
        return told if told is not None else Response(self._answer(asked))

    def _answer(self, asked: Mapping[str, str]) -> str:
        start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        query = asked["query"]
        signal = next((name for name, metric in SIGNALS.items() if metric in query), "errors")
        history = self._world.metrics.history(
            signal, datetime.fromtimestamp(start - STALE, UTC), datetime.fromtimestamp(end, UTC)
        )
        pods: dict[str, list[Sample]] = {}
        for sample in history:
            pods.setdefault(sample.pod, []).append(sample)
        looks = [start + index * step for index in range(int((end - start) // step) + 1)]
        rows = [row for pod in pods.values() for row in _rows(pod, looks, presence=query.startswith("group"))]
        return _matrix(rows)


def _matrix(rows: Iterable[Any]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(rows)}})


def _rows(samples: list[Sample], looks: Iterable[float], *, presence: bool) -> Iterable[Any]:
    newest = [
        (look, found)
        for look in looks
        if (found := next((s for s in reversed(samples) if look - STALE < s.at <= look), None)) is not None
    ]
    parts: dict[str, list[tuple[float, str]]]
    if presence:
        parts = {"": [(look, "1") for look, _ in newest]}
    else:
        parts = {
            "total": [(look, str(s.total)) for look, s in newest],
            "bad": [(look, str(s.bad)) for look, s in newest if s.bad is not None],
            "at": [(look, repr(s.at)) for look, s in newest],
            "targets": [(look, "1") for look, _ in newest],
        }
    labels = {"namespace": samples[0].namespace, "pod": samples[0].pod}
    for part, values in parts.items():
        if values:
            yield {"metric": labels | ({"rollbackd": part} if part else {}), "values": values}
