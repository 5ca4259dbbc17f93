"""Prometheus is asked for the workload alone, one query at a time, and left in peace between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.prometheus.past import PrometheusPast
from daemon.adapters.simulation.clock import ManualClock
from daemon.core.model import WorkloadRef
from daemon.engine.backtest.pod_lifetimes import pod_pattern
from daemon.ports import Gauge, Unavailable
from daemon.settings import DependencySettings, PrometheusSettings, SignalSettings
from tests.unit.prometheus.looks import of_scrapes

REF = WorkloadRef(namespace="greenlang", name="heat")
POD = "heat-6d5f8c9b4d-xk7zq"
ERRORS = SignalSettings(name="errors", bad='http_total{code=~"5.."}', total="http_total", limit=0.05)


SCADA = DependencySettings(name="scada", query='scada_up{line="1"}  # ours')
LIMS = DependencySettings(name="lims", query="probe_success", scope="cluster")


class Slow:
    """A Prometheus that takes ``takes`` seconds for each query, and a clock that shows it."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.clock = ManualClock()
        self.takes = 2.0
        self.queries: list[str] = []
        self.looks: list[str] = []
        self.patience: list[str] = []
        self.rests: list[float] = []
        self.rows: list[Any] = []
        server.expect_request("/api/v1/query_range").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        asked = {**request.args.to_dict(), **request.form.to_dict()}
        if of_scrapes(asked["query"]):
            self.looks.append(asked["query"])
        else:
            self.queries.append(asked["query"])
        self.patience.append(asked["timeout"])
        self.clock.advance(self.takes)
        return Response(
            json.dumps({"status": "success", "data": {"resultType": "matrix", "result": self.rows}})
        )


@pytest.fixture
def slow(httpserver: HTTPServer) -> Slow:
    return Slow(httpserver)


Make = Callable[..., PrometheusPast]


@pytest.fixture
def make(slow: Slow) -> Iterator[Make]:
    made: list[PrometheusPast] = []

    def make_one(*signals: SignalSettings, load: float = 0.2, **settings: Any) -> PrometheusPast:
        group = PrometheusSettings.model_validate({"url": slow.url} | settings)
        past = PrometheusPast(
            group,
            signals or (ERRORS,),
            (SCADA, LIMS),
            REF,
            pod_pattern(REF.name),
            slow.clock,
            load=load,
            sleep=slow.rests.append,
        )
        made.append(past)
        return past

    yield make_one
    for past in made:
        past.close()


@pytest.mark.parametrize(("load", "rest"), [(0.2, 8.0), (0.5, 2.0), (1.0, 0.0)])
def test_it_rests_as_long_as_the_load_allows(make: Make, slow: Slow, load: float, rest: float) -> None:
    past = make(load=load)
    for _ in range(3):
        past.pods(0, 600, 60)
    assert slow.rests == pytest.approx([rest] * 2 if rest else [])


def test_a_slower_answer_is_followed_by_a_longer_rest(make: Make, slow: Slow) -> None:
    past = make()
    for slow.takes in (1.0, 4.0, 0.0, 0.0):
        past.pods(0, 600, 60)
    assert slow.rests == pytest.approx([4.0, 16.0])


def test_it_rests_after_a_refusal_as_well(make: Make, slow: Slow) -> None:
    past = make()
    slow.rows = [{"metric": {}, "values": "nonsense"}]
    for _ in range(2):
        with pytest.raises(Unavailable, match="signal errors: "):
            past.pods(0, 600, 60)
    assert slow.rests == pytest.approx([8.0])


def test_only_the_workloads_series_are_asked_for(make: Make, slow: Slow) -> None:
    make().samples("errors", 0, 600, 5)
    mine = f'namespace="greenlang",pod=~"{pod_pattern("heat")}"'
    (query,) = slow.queries
    assert f'http_total{{{mine},code=~"5.."\n}}' in query
    assert f"http_total{{{mine}}}" in query
    assert "http_total\n" not in query


def test_by_the_configured_labels(make: Make, slow: Slow) -> None:
    slow.rows = [{"metric": {"ns": "greenlang", "kube_pod": POD}, "values": [[60, "1"], [120, "1"]]}]
    past = make(pod_label="kube_pod", namespace_label="ns")
    assert past.pods(0, 600, 60) == {POD: [60.0, 120.0]}
    assert 'ns="greenlang",kube_pod=~"heat-' in slow.queries[0]


def test_names_that_need_quotes_are_quoted(make: Make, slow: Slow) -> None:
    bad = SignalSettings(name="errors", bad="a + b", total='{"http.total", x="y"}', limit=0.05)
    slow.rows = [{"metric": {"k8s.ns": "greenlang", "k8s.pod": POD}, "values": [[60, "1"]]}]
    past = make(bad, pod_label="k8s.pod", namespace_label="k8s.ns")
    assert past.pods(0, 600, 60) == {POD: [60.0]}
    mine = f'"k8s.ns"="greenlang","k8s.pod"=~"{pod_pattern("heat")}"'
    total = f'{{"http.total",{mine},x="y"\n}}'
    assert slow.queries[0] == f'group by ("k8s.ns", "k8s.pod") (\n{total}\n)'
    slow.rows = []
    past.samples("errors", 0, 600, 5)
    assert f'(\na + b\n) and on ("k8s.ns", "k8s.pod") {total}' in slow.queries[-1]


def test_what_is_computed_is_narrowed_where_that_can_be_done(make: Make, slow: Slow) -> None:
    bad = SignalSettings(name="errors", bad="a_total + b_total  # both", total="http_total", limit=0.05)
    make(bad).samples("errors", 0, 600, 5)
    assert "(\na_total + b_total  # both\n) and on (namespace, pod) http_total{namespace=" in slow.queries[0]
    both = SignalSettings(name="errors", bad="a_total", total="a_total + b_total  # all", limit=0.05)
    make(both).pods(0, 600, 60)
    assert slow.queries[1] == "group by (namespace, pod) (\na_total + b_total  # all\n)"


def test_of_a_histogram_of_either_kind(make: Make, slow: Slow) -> None:
    latency = SignalSettings(name="latency", histogram='http_seconds{path="/x"}', slower_than=5.0, limit=0.01)
    past = make(latency)
    past.pods(0, 600, 60)
    assert "http_seconds_count{namespace=" in slow.queries[0]
    assert "or http_seconds{namespace=" in slow.queries[0]
    assert past.samples("latency", 0, 600, 5) == []
    assert 'path="/x"' in slow.queries[1]
    assert 'namespace="greenlang"' in slow.queries[1]


def test_other_namespaces_and_ambiguous_pods_are_left_out(make: Make, slow: Slow) -> None:
    def rows(pod: str, targets: str = "1", namespace: str = "greenlang") -> list[Any]:
        parts = {"total": "100", "bad": "3", "at": "61.5", "targets": targets}
        return [
            {
                "metric": {"namespace": namespace, "pod": pod, "rollbackd": part},
                "values": [[65, value], [70, value]],
            }
            for part, value in parts.items()
        ]

    slow.rows = rows(POD) + rows("heat-6d5f8c9b4d-twice", "2") + rows("heat-6d5f8c9b4d-other", "1", "blue")
    (only,) = make().samples("errors", 0, 600, 5)
    assert (only.pod, only.at, only.total, only.bad) == (POD, 61.5, 100, 3)


@pytest.mark.parametrize(("timeout", "given"), [(5, "60s"), (90, "90s")])
def test_long_spans_get_a_minute_at_least(make: Make, slow: Slow, timeout: int, given: str) -> None:
    make(timeout=timeout).pods(0, 600, 60)
    assert slow.patience == [given]


def test_gauges_of_the_namespace_and_of_all(make: Make, slow: Slow) -> None:
    slow.rows = [{"metric": {"namespace": "greenlang", "pod": POD}, "values": [[15, "1"], [30, "0"]]}]
    past = make()
    assert past.gauges("scada", 0, 60, 15) == [
        Gauge(namespace="greenlang", pod=POD, at=15.0, value=1.0),
        Gauge(namespace="greenlang", pod=POD, at=30.0, value=0.0),
    ]
    slow.rows = [{"metric": {}, "values": [[15, "0"]]}]
    assert past.gauges("lims", 0, 60, 15) == [Gauge(namespace="", pod="", at=15.0, value=0.0)]
    assert slow.queries == [
        'min by (namespace, pod) (\nscada_up{namespace="greenlang",line="1"\n}\n)',
        "min by () (\nprobe_success\n)",
    ]


def test_a_gauge_that_is_no_number(make: Make, slow: Slow) -> None:
    slow.rows = [{"metric": {}, "values": [[15, "up"]]}]
    with pytest.raises(Unavailable, match=r"dependency lims: .*'up', which is no number"):
        make().gauges("lims", 0, 60, 15)


def test_what_a_span_costs(make: Make) -> None:
    latency = SignalSettings(name="latency", histogram="http_seconds", slower_than=5.0, limit=0.01)
    past = make(ERRORS, latency)
    assert (past.cost("errors"), past.cost("latency")) == (3, 4)
