"""The live check names what would leave the daemon blind, before it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug import Request, Response

from daemon.adapters.live_check import check_live
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.settings import Settings
from tests.unit.prometheus.conftest import NOW, MachineClock, Prometheus, pod_rows, row, success
from tests.unit.prometheus.looks import of_scrapes, of_targets

SIGNAL = {"name": "errors", "bad": "bad_total", "total": "all_total", "limit": 0.05}
WORKLOAD = {"namespace": "greenlang", "name": "heat"}
PLANT = "plant_connection_status"
FRESH = {"metric": {"__name__": "x"}, "value": [1, "1"]}


def check(
    prometheus: Prometheus,
    answers: Mapping[str, Sequence[Any]],
    *,
    signal: Mapping[str, Any] = SIGNAL,
    refused: str = "",
    good: bool = False,
) -> list[str]:
    """Findings but the good ones; ``answers`` are by a query, ``fleet`` being the whole of a signal.

    ``layout`` is what is told of a histogram, ``several`` who scrapes at several times.
    """

    def answer(request: Request) -> Response:
        query = request.form["query"].removeprefix("group(\n").removesuffix("\n)")
        if refused and refused in query:
            return Response('{"status": "error", "errorType": "bad_data", "error": "1:4: no"}', status=400)
        if of_scrapes(query):
            return Response(success([] if of_targets(query) else answers.get("fleet", [])))
        if "count_values" in query:
            return Response(success(answers.get("several", [])))
        known = "layout" if '"edge"' in query else "fleet" if "label_replace" in query else query
        return Response(success(answers.get(known, [FRESH])))

    prometheus.answer = answer
    settings = Settings.model_validate(
        {
            "workloads": [WORKLOAD],
            "signals": [signal],
            "dependencies": [{"name": "plant", "query": PLANT}],
            "prometheus": {"url": prometheus.url},
        }
    )
    metrics = PrometheusMetrics(settings.prometheus, settings.signals, MachineClock())
    try:
        return [str(finding) for finding in check_live(settings, metrics) if good or finding.level != "ok"]
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


def test_a_dependency_without_series_says_nothing(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD, PLANT: []})
    assert_only(found, "warning: dependencies[0].query", "nothing is known of it", "take it out")


def test_a_dependency_whose_query_is_refused(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD}, refused=PLANT)
    assert_only(found, "error: dependencies[0].query", "1:4: no")


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


def test_replicas_that_no_known_label_tells_apart(prometheus: Prometheus) -> None:
    found = check(prometheus, {"fleet": GOOD, "several": [row("", "2", pod="heat-1")]})
    assert_only(found, "warning: signals[0].total", "at several times at once: heat-1", "replica_labels")


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


HISTOGRAM = {"name": "slow", "histogram": "took_seconds", "slower_than": "5s", "limit": 0.01}


def edges(*spelled: str) -> list[Any]:
    rows = [{"metric": {"rollbackd": "edge", "le": text}, "value": [NOW, "1"]} for text in (*spelled, "+Inf")]
    return [*rows, row("classic", "1")]


def buckets(*pairs: tuple[str, str]) -> list[Any]:
    filled = [[0, left, right, "1"] for left, right in pairs]
    value = [NOW, {"count": "1", "sum": "1", "buckets": filled} if filled else {"count": "0", "sum": "0"}]
    metric = {"rollbackd": "buckets", "namespace": "greenlang", "rollbackd_set": "heat"}
    return [row("native", "1"), {"metric": metric, "histogram": value}]


SLOW = [row("total", "9"), row("within", "9"), row("below", "9"), row("at", "1800000000")]


def about(prometheus: Prometheus, layout: Sequence[Any]) -> str:
    """What is told of the histogram itself."""
    found = check(prometheus, {"layout": layout, "fleet": SLOW}, signal=HISTOGRAM, good=True)
    (finding,) = [finding for finding in found if "signals[0].histogram" in finding]
    return finding


def test_a_histogram_with_an_edge_at_the_bound(prometheus: Prometheus) -> None:
    said = about(prometheus, edges("2.5", "5.0"))
    assert said == "ok: signals[0].histogram: classic, of 1 pods: 5 is an edge of the buckets"


def test_a_histogram_without_an_edge_at_the_bound(prometheus: Prometheus) -> None:
    said = about(prometheus, edges("2.5", "10"))
    assert said.startswith("warning: signals[0].histogram: classic, of 1 pods: 5 is no edge of all")
    assert "from 2.5 to 10 is unclear — add a bucket" in said


def test_a_native_histogram(prometheus: Prometheus) -> None:
    narrow = about(prometheus, buckets(("4.756828460010884", "5.187358218604039")))
    assert narrow.startswith("ok: signals[0].histogram: native, of 1 pods: 5 is no edge of all")
    assert "from 4.757 to 5.187 is unclear" in narrow
    wide = about(prometheus, buckets(("4", "8")))
    assert wide.startswith("warning: ")
    assert "more buckets" in wide
    assert about(prometheus, buckets(("0.1", "0.2"))).endswith(
        "native, of 1 pods: no event was near 5 so far"
    )
    assert about(prometheus, buckets()).endswith("native, of 1 pods: no event was near 5 so far")


def test_a_histogram_that_does_not_exist(prometheus: Prometheus) -> None:
    assert about(prometheus, []).startswith("error: signals[0].histogram: Prometheus at ")
    (only,) = check(prometheus, {"layout": []}, signal=HISTOGRAM)
    assert "has no histogram took_seconds" in only
