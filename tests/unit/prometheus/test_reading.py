"""A reading is samples that can be relied on, or one sentence that says why there are none."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.signals.sample import Sample
from tests.unit.prometheus.conftest import NOW, Prometheus, pod_rows, row, success
from tests.unit.prometheus.unusable import END, MIXED, START, is_problem

Make = Callable[..., PrometheusMetrics]


def test_a_reading(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success([*pod_rows(), *pod_rows(pod="heat-2", bad="")]))
    reading = metrics.read("errors")
    assert reading.samples == (
        Sample(namespace="greenlang", pod="heat-1", at=1799999999.25, total=100, bad=3),
        Sample(namespace="greenlang", pod="heat-2", at=1799999999.25, total=100, bad=None),
    )
    assert (reading.taken_at, reading.problem, dict(reading.problems)) == (NOW, "", {})


def test_one_query_reads_the_fleet(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    metrics.read("errors")
    (asked,) = prometheus.asked
    assert asked["timeout"] == "5s"
    for part in ("bad", "total", "at", "targets"):
        assert f'"rollbackd", "{part}", "", ""' in asked["query"]


def test_what_several_scrapers_count_of_one_address_counts_once(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    """The sum is for each scraper, of which the highest counts; only addresses can be too many."""
    metrics.read("errors")
    query = " ".join(prometheus.asked[0]["query"].split())
    scraper = "sum by (namespace, pod, instance, job, prometheus, prometheus_replica, replica) ("
    assert query.count(f"max by (namespace, pod) ( {scraper}") == 2
    assert query.count("sum") == 2
    assert "count by (namespace, pod) ( group by (namespace, pod, instance) (" in query


def test_the_labels_of_replicas_are_configurable(make: Make, prometheus: Prometheus) -> None:
    make(replica_labels=["monitor"]).read("errors")
    assert "sum by (namespace, pod, instance, job, monitor) (" in prometheus.asked[0]["query"]


def test_a_histogram_is_asked_for_its_edges_once(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    layout = [
        {"metric": {"rollbackd": "edge", "le": "2.5"}, "value": [NOW, "1"]},
        {"metric": {"rollbackd": "edge", "le": "10.0"}, "value": [NOW, "1"]},
        {"metric": {"rollbackd": "edge", "le": "+Inf"}, "value": [NOW, "1"]},
        row("classic", "1"),
    ]
    fleet = [row("total", "9"), row("within", "7"), row("below", "4"), row("at", "1799999999.5")]
    prometheus.answer = lambda request: Response(
        success(layout if '"edge"' in request.form["query"] else fleet)
    )
    for _ in range(3):
        (sample,) = metrics.read("latency").samples
        assert (sample.total, sample.bad, sample.unclear) == (9, 2, 3)
    queries = [asked["query"] for asked in prometheus.asked]
    assert ['"edge"' in query for query in queries] == [True, False, False, False]
    assert 'gl006_http_request_duration_seconds_bucket{le="10.0"}' in queries[1]


def test_a_histogram_that_nobody_has_is_a_problem(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    reading = metrics.read("latency")
    assert reading.problem.startswith(
        f"signal latency: Prometheus at {prometheus.url} has no histogram gl006_"
    )
    assert "bad and total" in reading.problem.partition(" — ")[2]


def test_a_history_reads_native_histograms(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    """Of those that cannot be added, Prometheus warns; the others are read all the same."""
    at = START.timestamp() + 60
    edges = [[0, "4", "8", "2"]]
    layout = [
        {"metric": row("native", "")["metric"], "values": [[at, "1"]]},
        {
            "metric": {"rollbackd": "buckets", "namespace": "greenlang", "rollbackd_set": "heat"},
            "histograms": [[at, {"count": "2", "sum": "9", "buckets": edges}]],
        },
    ]
    values = {"total": "9", "within": "8", "below": "6", "at": str(at - 1)}
    fleet = [{"metric": row(part, "")["metric"], "values": [[at, text]]} for part, text in values.items()]

    def answer(request: Request) -> Response:
        if '"edge"' not in request.form["query"]:
            return Response(success(fleet, kind="matrix"))
        return Response(success(layout, kind="matrix", warnings=[MIXED]))

    prometheus.answer = answer
    (sample,) = metrics.history("latency", START, END)
    assert (sample.at, sample.total, sample.bad, sample.unclear) == (at - 1, 9, 1, 2)
    assert "histogram_fraction(-Inf, 8.0," in prometheus.asked[1]["query"]


def test_the_labels_are_configurable(make: Make, prometheus: Prometheus) -> None:
    prometheus.says(
        success([row("total", "9", kube_pod="x", kube_ns="y"), row("at", "1", kube_pod="x", kube_ns="y")])
    )
    reading = make(pod_label="kube_pod", namespace_label="kube_ns").read("errors")
    assert [(s.namespace, s.pod) for s in reading.samples] == [("y", "x")]
    assert "by (kube_ns, kube_pod)" in prometheus.asked[0]["query"]


def test_labels_that_need_quotes_are_quoted(make: Make, prometheus: Prometheus) -> None:
    labels = {"k8s.pod": "x", 'a"b': "y", "pod": "", "namespace": ""}
    prometheus.says(success([row("total", "9", **labels), row("at", "1", **labels)]))
    reading = make(pod_label="k8s.pod", namespace_label='a"b', replica_labels=["r\\"]).read("errors")
    assert [(s.namespace, s.pod) for s in reading.samples] == [("y", "x")]
    query = prometheus.asked[-1]["query"]
    assert r'by ("a\"b", "k8s.pod")' in query
    assert r'by ("a\"b", "k8s.pod", instance, job, "r\\")' in query


def test_nothing_found_is_an_empty_reading(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success([]))
    reading = metrics.read("errors")
    assert (reading.samples, reading.problem) == ((), "")
    assert abs(reading.taken_at - datetime.now(UTC).timestamp()) < 60


def test_values_that_are_no_numbers_are_passed_on(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success([*pod_rows(total="NaN"), *pod_rows(pod="heat-2", bad="+Inf")]))
    first, second = metrics.read("errors").samples
    assert math.isnan(first.total)
    assert second.bad == math.inf


def test_a_pod_scraped_twice_has_a_problem_and_no_sample(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    twice = [
        row("total", "200", pod="heat-2"),
        row("at", "1", pod="heat-2"),
        row("targets", "2", pod="heat-2"),
    ]
    prometheus.says(success([*pod_rows(), *twice]))
    reading = metrics.read("errors")
    assert [sample.pod for sample in reading.samples] == ["heat-1"]
    assert "heat-2 is scraped through 2 targets" in reading.problems["heat-2"]
    assert "relabelling" in reading.problems["heat-2"]


def test_bad_without_total_is_a_problem(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success([row("bad", "5")]))
    reading = metrics.read("errors")
    assert reading.samples == ()
    assert "bad events and no total" in reading.problems["heat-1"]


def test_a_stray_series_without_labels_spoils_nothing(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    prometheus.says(success([*pod_rows(), row("total", "1", pod="", namespace="")]))
    assert [sample.pod for sample in metrics.read("errors").samples] == ["heat-1"]


ROWS: list[tuple[Any, str, str]] = [
    ([row("total", "1", pod="")], "no label 'namespace' or 'pod'", "relabelling"),
    ([*pod_rows(), *pod_rows()], "two series for bad of pod greenlang/heat-1", "deduplicates"),
    ([row("other", "1")], "unknown part 'other'", "prometheus.url"),
    ([row("total", "many")], "'many', which is no number", "prometheus.url"),
    ([{"metric": {}, "histogram": [1, {}]}], "make no sense", "histograms"),
    ([{"metric": {"pod": 1}, "value": [1, "1"]}], "make no sense", "prometheus.url"),
    ([{"metric": {}, "value": [1]}], "make no sense", "prometheus.url"),
    ({"a": 1}, "make no sense", "prometheus.url"),
    ([{"metric": {}, "value": [-1, "1"]}], "is no time", "prometheus.url"),
    ([{"metric": {}, "value": [1e300, "1"]}], "is no time", "prometheus.url"),
    ([{"metric": {}, "value": [True, "1"]}], "make no sense", "prometheus.url"),
    ([{"metric": {}, "value": [NOW, 1]}], "make no sense", "prometheus.url"),
    ([row("total", "1"), row("at", "NaN")], "the time 'NaN', which is none", "prometheus.url"),
    ([row("total", "1"), row("at", "+Inf")], "the time '+Inf', which is none", "prometheus.url"),
]


@pytest.mark.parametrize(("rows", "problem", "remedy"), ROWS)
def test_rows_that_cannot_be_relied_on(
    metrics: PrometheusMetrics, prometheus: Prometheus, rows: Any, problem: str, remedy: str
) -> None:
    prometheus.says(success(rows))
    is_problem(metrics, prometheus, problem, remedy)


def test_a_signal_that_is_not_configured(metrics: PrometheusMetrics) -> None:
    assert "valid: errors, latency" in metrics.read("none").problem


def test_credentials_are_read_at_each_query(make: Make, prometheus: Prometheus, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n", encoding="utf-8")
    metrics = make(bearer_token_file=file, headers={"X-Scope-OrgID": "tenant"})
    metrics.read("errors")
    file.write_text("two", encoding="utf-8")
    metrics.read("errors")
    file.unlink()
    assert "was not asked" in metrics.read("errors").problem
    assert [headers["Authorization"] for headers in prometheus.headers] == ["Bearer one", "Bearer two"]
    assert prometheus.headers[0]["X-Scope-Orgid"] == "tenant"


def test_basic_authentication(make: Make, prometheus: Prometheus, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("open sesame\n", encoding="utf-8")
    make(username="ali", password_file=file).read("errors")
    assert prometheus.headers[0]["Authorization"] == "Basic YWxpOm9wZW4gc2VzYW1l"


def test_proxies_of_the_environment_are_not_used(
    make: Make, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert make().read("errors").problem == ""
