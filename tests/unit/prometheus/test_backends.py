"""What servers in Prometheus's place say and do otherwise, in their own words as they were recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.prometheus.backend import identify
from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.settings import PrometheusSettings, SignalSettings
from tests.unit.prometheus.conftest import MachineClock, Prometheus, pod_rows, success

VICTORIA = {"data": {"version": "2.24.0"}}
HISTOGRAM = SignalSettings(name="slow", histogram="took_seconds", slower_than=1.0, limit=0.05)
LACKING = 'error when executing query="{}" for (time=1, step=300000): unsupported function "histogram_count"'


@pytest.fixture
def client(prometheus: Prometheus) -> Iterator[PrometheusClient]:
    settings = PrometheusSettings.model_validate({"url": f"{prometheus.url}/"})
    with closing(PrometheusClient(settings, MachineClock())) as made:
        yield made


@pytest.mark.parametrize(
    ("build", "marks", "wanted"),
    [
        (VICTORIA, {"isPartial": False}, ("VictoriaMetrics", "no native histograms", "maxQueryLen")),
        (VICTORIA, {"stats": {"seriesFetched": "0"}}, ("VictoriaMetrics", "no native", "maxQueryLen")),
        ({"data": {"version": "3.16.0"}}, {}, ("Prometheus 3.16.0",)),
        ({"data": {"version": "2.39.1"}}, {}, ("Prometheus 2.39.1", "no native histograms")),
        ({"data": {"version": "2.40.0"}}, {}, ("Prometheus 2.40.0",)),
        ({"data": {"version": "main"}}, {}, ("Prometheus main",)),
        ({"data": {"version": "0.40.1"}}, {}, ("Thanos 0.40.1",)),
        (
            {"data": {"version": "3.0.1", "application": "Grafana Mimir"}},
            {},
            ("Grafana Mimir 3.0.1", "X-Scope-OrgID"),
        ),
        ({"data": {}}, {}, ("does not say which",)),
        ([], {}, ("does not say which",)),
        (b"\xff", {}, ("does not say which",)),
        (b'{"more":' + b"[" * 50_000 + b"]" * 50_000 + b"}", {}, ("does not say which",)),
    ],
)
def test_a_server_is_named_by_what_it_says_of_itself(
    httpserver: HTTPServer,
    prometheus: Prometheus,
    client: PrometheusClient,
    build: Any,
    marks: dict[str, Any],
    wanted: tuple[str, ...],
) -> None:
    body = build if isinstance(build, bytes) else json.dumps(build).encode()
    httpserver.expect_request("/api/v1/status/buildinfo").respond_with_data(body)
    prometheus.says(success([], **marks))
    backend = identify(client)
    said = "; ".join((str(backend), *backend.without))
    assert all(words in said for words in wanted)
    assert ("native" in said) is any("native" in words for words in wanted)


def test_a_server_without_the_endpoint_is_none_that_is_known(client: PrometheusClient) -> None:
    assert "does not say which" in str(identify(client))


def test_a_histogram_is_read_where_no_native_ones_are_known(prometheus: Prometheus) -> None:
    """The one query for both forms is refused as a whole."""

    def answer(request: Request) -> Response:
        query = request.form["query"]
        if "histogram_count" in query:
            said = {"status": "error", "errorType": "422", "error": LACKING.format(query)}
            return Response(json.dumps(said), status=422)
        edges = [("1", "4"), ("5", "4"), ("+Inf", "4")]
        rows = [
            *({"metric": {"rollbackd": "edge", "le": le}, "value": [1, n]} for le, n in edges),
            *({**row, "metric": row["metric"] | {"rollbackd": "classic"}} for row in pod_rows()[:1]),
        ]
        return Response(success(rows if '"edge"' in query else pod_rows()))

    prometheus.answer = answer
    settings = PrometheusSettings.model_validate({"url": prometheus.url})
    with closing(PrometheusMetrics(settings, [HISTOGRAM], MachineClock())) as metrics:
        reading = metrics.read("slow")
    assert not reading.problem
    assert [sample.pod for sample in reading.samples] == ["heat-1"]


def test_what_is_wrong_is_shown_although_the_query_comes_first(
    make: Callable[..., PrometheusMetrics], prometheus: Prometheus
) -> None:
    said = f'error when executing query="{"x" * 3000}": cannot select more than -search.maxSamplesPerQuery'
    prometheus.says(json.dumps({"status": "error", "errorType": "422", "error": said}), 422)
    problem = make().read("errors").problem
    assert "cannot carry out the query" in problem
    assert "-search.maxSamplesPerQuery" in problem
    assert len(problem) < 1000


def test_the_newest_half_minute_is_asked_for(
    make: Callable[..., PrometheusMetrics], prometheus: Prometheus
) -> None:
    """VictoriaMetrics leaves out the last 30 s unless it is asked for them."""
    prometheus.says(success(pod_rows()))
    make().read("errors")
    assert {one["latency_offset"] for one in (*prometheus.looks, *prometheus.asked)} == {"3s"}
