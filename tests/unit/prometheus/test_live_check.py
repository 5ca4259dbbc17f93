"""The live check names what would leave the daemon blind, before it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug import Request, Response

from daemon.adapters.live_check import check_live
from daemon.adapters.prometheus import PrometheusMetrics
from daemon.settings import Settings
from tests.unit.prometheus.conftest import MachineClock, Prometheus, pod_rows, row, success

SIGNAL = {"name": "errors", "bad": "bad_total", "total": "all_total", "limit": 0.05}
WORKLOAD = {"namespace": "greenlang", "name": "heat"}
FRESH = {"metric": {"__name__": "x"}, "value": [1, "1"]}


def check(
    prometheus: Prometheus,
    answers: Mapping[str, Sequence[Any]],
    *,
    signal: Mapping[str, Any] = SIGNAL,
    refused: str = "",
) -> list[str]:
    """Findings but the good ones; ``answers`` are by a query, ``fleet`` being the whole of a signal."""

    def answer(request: Request) -> Response:
        query = request.form["query"]
        if refused and refused in query:
            return Response('{"status": "error", "errorType": "bad_data", "error": "1:4: no"}', status=400)
        known = "fleet" if "label_replace" in query else query
        return Response(success(answers.get(known, [FRESH])))

    prometheus.answer = answer
    settings = Settings.model_validate(
        {"workloads": [WORKLOAD], "signals": [signal], "prometheus": {"url": prometheus.url}}
    )
    metrics = PrometheusMetrics(settings.prometheus, settings.signals, MachineClock())
    try:
        return [str(finding) for finding in check_live(settings, metrics) if finding.level != "ok"]
    finally:
        metrics.close()


def assert_only(findings: Sequence[str], *wanted: str) -> None:
    """Exactly one finding, with these words."""
    assert len(findings) == 1
    for words in wanted:
        assert words in findings[0]


GOOD = pod_rows(pod="heat-1", at="1800000000.25")


def test_all_is_well(prometheus: Prometheus) -> None:
    assert check(prometheus, {"fleet": GOOD}) == []


def test_prometheus_is_not_there() -> None:
    settings = Settings.model_validate(
        {"workloads": [WORKLOAD], "prometheus": {"url": "http://127.0.0.1:1"}, "signals": [SIGNAL]}
    )
    metrics = PrometheusMetrics(settings.prometheus, settings.signals, MachineClock())
    (finding,) = check_live(settings, metrics)
    assert (finding.level, finding.field) == ("error", "prometheus")
    assert "Connection refused" in finding.message
    assert "prometheus.url" in finding.remedy


def test_a_query_that_is_wrong(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD}, refused="bad_total")
    assert_only(found, "error: signals[0].bad", "1:4: no", "correct the signal")


def test_a_metric_that_does_not_exist(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD, "all_total": [], "count(all_total)": []})
    assert_only(found, "error: signals[0].total: the metric all_total does not exist")


def test_a_bad_metric_may_yet_come(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD, "bad_total": [], "count(bad_total)": []})
    assert_only(found, "warning: signals[0].bad: the metric bad_total does not exist", "first event")


def test_labels_that_match_nothing(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD, "all_total": []})
    assert_only(found, "error: signals[0].total", "match no series", "label matchers")


def test_a_total_without_scrape_times(prometheus: Prometheus) -> None:
    signal = SIGNAL | {"total": "all_total + other_total"}
    assert_only(check(prometheus, {"fleet": GOOD}, signal=signal), "warning: signals[0].total: not a plain")


def test_two_targets_for_one_pod(prometheus: Prometheus) -> None:
    twice = [row("total", "1", pod="heat-2"), row("at", "1", pod="heat-2"), row("targets", "2", pod="heat-2")]
    assert_only(check(prometheus, {"fleet": [*GOOD, *twice]}), "error: signals[0]", "through 2 targets")


def test_no_labels(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": [row("total", "1", pod="")]})
    assert_only(found, "error: signals[0]", "no label 'namespace' or 'pod'")


def test_values_that_are_no_counters(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": pod_rows(total="NaN", at="1800000000.25")})
    assert_only(found, "warning: signals[0]: NaN or infinite in heat-1")


def test_more_bad_than_all(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": pod_rows(bad="200", at="1800000000.25")})
    assert_only(found, "error: signals[0]: more bad events than events in heat-1")


def test_a_stale_scrape(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": pod_rows(at="1799999900")})
    assert_only(found, "warning: signals[0]: no scrape within stale_after, 60 s: heat-1")


def test_a_workload_without_samples(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": pod_rows(pod="other-1", at="1800000000.25")})
    assert_only(found, "warning: workloads[0]: signals[0] has no sample of greenlang/heat")
