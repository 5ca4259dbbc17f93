"""Prometheus's answers: one body for whatever is asked, through the client library and without a network."""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import requests
from requests.adapters import BaseAdapter

from daemon import ports
from daemon.adapters.prometheus import backend
from daemon.adapters.prometheus.gauges import PrometheusGauges
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.signals.counters import Book, observe
from daemon.core.signals.sample import Sample
from daemon.settings import PrometheusSettings
from tests.example import DEPENDENCIES
from tests.example import SIGNALS as EXAMPLES
from tests.unit.prometheus.looks import of_scrapes, of_targets

SIGNALS = EXAMPLES[:2]
"""A pair of counters, and a histogram."""
SETTINGS = PrometheusSettings(url="http://prometheus.test:9090")
NOW = datetime(2027, 1, 15, 8, 0, 0, tzinfo=UTC)


class _Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


PARTS = {"bad", "total", "within", "below", "at", "targets", "edge", "classic", "native", "buckets", "value"}
"""What the daemon names the parts of its queries."""


class _Answers(BaseAdapter):
    """In place of the network: the body for each request, without the rows that it does not ask for."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, str(request.url), request
        answer.raw = io.BytesIO(_of_parts(self._body, str(request.body or "")))
        return answer

    def close(self) -> None:
        """Nothing is open."""


def _of_parts(body: bytes, form: str) -> bytes:
    """As a server answers: so one body has something for each query. What is no answer stays as it is."""
    query = "".join(parse_qs(form).get("query", ()))
    try:
        document = json.loads(body)
        rows = document["data"]["result"]
        document["data"]["result"] = [row for row in rows if _is_of(row, query)]
        return json.dumps(document).encode()
    except (ValueError, RecursionError, TypeError, LookupError):
        return body


def _is_of(row: Any, query: str) -> bool:
    """A row without a part is one of a look at who scrapes."""
    try:
        part = row["metric"].get("rollbackd", "")
        looked = of_scrapes(query)
        return (
            looked == (part == "") and not of_targets(query) and (part not in PARTS or f'"{part}"' in query)
        )
    except (TypeError, LookupError, AttributeError):
        return True


@contextlib.contextmanager
def _answering(body: bytes) -> Iterator[PrometheusMetrics]:
    metrics = PrometheusMetrics(SETTINGS, SIGNALS, _Clock(), namespaces=("greenlang",))
    metrics.client._session.mount(str(SETTINGS.url), _Answers(body))
    with contextlib.closing(metrics):
        yield metrics


def prometheus(body: bytes) -> None:
    """Each answer is a reading, or an error of the ports; and what is counted of it are events."""
    with _answering(body) as metrics:
        for signal in SIGNALS:
            samples = (
                _past(metrics, signal.name) if b'"matrix"' in body else metrics.read(signal.name).samples
            )
            counted = observe(Book(), samples, starts_at_zero=lambda _: True).tally(lambda _: True)
            assert 0 <= counted.bad <= counted.total < math.inf
            assert 0 <= counted.unclear <= counted.total
        gauges = PrometheusGauges(metrics.client, SETTINGS, DEPENDENCIES[:1], _Clock())
        for one in DEPENDENCIES[:1]:
            gauges.gauge(one.name)
            with contextlib.suppress(ports.PortError):
                gauges.last_reached(one.name, 60)
        with contextlib.suppress(ports.PortError):
            backend.identify(metrics.client)


def _past(metrics: PrometheusMetrics, signal: str) -> Sequence[Sample]:
    try:
        return metrics.history(signal, NOW - timedelta(hours=1), NOW)
    except ports.PortError:
        return ()
