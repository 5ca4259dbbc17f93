"""A reading is samples that can be relied on, or one sentence that says why there are none."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from daemon.adapters.prometheus.metrics import MOST_POINTS, PrometheusMetrics, history_step
from daemon.core.signals.sample import Sample
from daemon.ports import Rejected, Unavailable
from tests.unit.prometheus.conftest import NOW, Prometheus, pod_rows, row, success

Make = Callable[..., PrometheusMetrics]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["status", "data", "warnings", "error"]), inner)
    ),
    max_leaves=8,
)
MIXED = "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas"


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
    _is_problem(metrics, prometheus, problem, remedy)


def _is_problem(metrics: PrometheusMetrics, prometheus: Prometheus, problem: str, remedy: str) -> None:
    reading = metrics.read("errors")
    sentence, _, cure = reading.problem.partition(" — ")
    assert reading.samples == ()
    assert sentence.startswith(f"signal errors: Prometheus at {prometheus.url}")
    assert problem in sentence
    assert remedy in cure
    assert "\n" not in reading.problem


ERROR = '{{"status": "error", "errorType": "{}", "error": "{}"}}'
ANSWERS = [
    (400, ERROR.format("bad_data", "1:3: parse error"), "1:3: parse error", "signal's queries"),
    (422, ERROR.format("execution", "many-to-many"), "many-to-many", "signal's queries"),
    (503, ERROR.format("timeout", "query timed out"), "503 timeout (query timed out)", "look at Prometheus"),
    (200, ERROR.format("internal", "oops"), "internal (oops)", "look at Prometheus"),
    (200, '{"status": "success"}', "without a reason", "look at Prometheus"),
    (200, success([], warnings=["store 1 is gone"]), "partial (store 1 is gone)", "backends"),
    (200, success([], warnings=[MIXED, "store 1 is gone"]), "partial (store 1 is gone)", "backends"),
    (200, success([], warnings=[MIXED]), "leaves something out (PromQL warning: vector", "queries"),
    (200, success([], kind="scalar"), "gives a scalar, not a vector", "one counter"),
    (
        200,
        "<html>log in</html>",
        "200 with something that is not JSON ('<html>log in</html>')",
        "prometheus.url",
    ),
    (200, "", "200 with nothing", "prometheus.url"),
    (200, "{", "not JSON", "prometheus.url"),
    (200, "[]", "not JSON", "prometheus.url"),
    (200, "null", "not JSON", "prometheus.url"),
    (200, '{"status": 7}', "not JSON", "prometheus.url"),
    (200, b"\xff\xfe", "not JSON", "prometheus.url"),
    (503, "upstream connect error", "503 with something", "is up"),
    (500, "", "500 with nothing", "is up"),
    (401, "Unauthorized", "refuses us with 401", "credentials"),
    (403, ERROR.format("forbidden", "no tenant"), "refuses us with 403 (no tenant)", "credentials"),
    (400, "Requ\u00eate refus\u00e9e".encode("latin-1"), "400 with something", "is up"),
    (200, success([]).encode("utf-16"), "200 with something", "prometheus.url"),
    (200, b"[" * 100_000, "200 with something", "prometheus.url"),
    (200, success([]).replace("[]", "[" * 100_000 + "]" * 100_000), "200 with something", "prometheus.url"),
    (
        200,
        success([{"metric": {"a": "?"}}]).encode().replace(b"?", b"\xe9"),
        "200 with something",
        "prometheus.url",
    ),
    (206, success([]), "206 success", "look at Prometheus"),
    (404, "404 page not found", "no query API at this address", "path of prometheus.url"),
]


@pytest.mark.parametrize(("status", "body", "problem", "remedy"), ANSWERS)
def test_answers_that_are_none(
    metrics: PrometheusMetrics,
    prometheus: Prometheus,
    status: int,
    body: str | bytes,
    problem: str,
    remedy: str,
) -> None:
    prometheus.says(body, status)
    _is_problem(metrics, prometheus, problem, remedy)
    assert len(prometheus.asked + prometheus.looks) == 1, (
        "nothing may be tried again behind the engine's back"
    )


PARTIAL: list[Mapping[str, Any]] = [
    {"isPartial": True},
    {"isPartial": "true"},
    {"isPartial": "false"},
    {"isPartial": 1},
    {"isPartial": 0},
    {"isPartial": None},
    {"isPartial": []},
    {"IsPartial": False},
    {"partial": True},
    {"is_partial": True},
    {"partialResponse": {"stores": ["a"]}},
    {"truncated": True},
    {"complete": False},
    {"exhaustive": False},
    {"warnings": ["results truncated due to limit"]},
    {"warnings": [""]},
    {"infos": ["results truncated due to limit"]},
    {"data": {"resultType": "vector", "result": [], "isPartial": True}},
]


@pytest.mark.parametrize("more", PARTIAL)
def test_what_speaks_against_completeness_makes_an_answer_unusable(
    metrics: PrometheusMetrics, prometheus: Prometheus, more: Mapping[str, Any]
) -> None:
    prometheus.says(success(pod_rows(), **more))
    _is_problem(metrics, prometheus, "its answer is partial", "backends")


def test_a_cut_answer_of_m3_is_unusable(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success(pod_rows()), headers={"M3-Results-Limited": "max_fetch_series_limit_applied"})
    _is_problem(metrics, prometheus, "M3-Results-Limited: max_fetch_series_limit_applied", "backends")


@pytest.mark.parametrize(
    "more",
    [
        {"isPartial": False, "stats": {"seriesFetched": "2"}, "trace": {"message": "partial"}},
        {"warnings": None, "infos": None},
        {
            "warnings": [],
            "infos": ["PromQL info: metric might not be a counter, name does not end in _total"],
        },
    ],
)
def test_what_does_not_speak_against_completeness_is_read(
    metrics: PrometheusMetrics, prometheus: Prometheus, more: Mapping[str, Any]
) -> None:
    prometheus.says(success(pod_rows(), **more))
    assert metrics.read("errors").problem == ""


def test_partial_answers_are_declined(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    metrics.read("errors")
    prometheus.says(success([], kind="matrix"))
    metrics.history("errors", START, END)
    for asked in prometheus.asked:
        assert (asked["partial_response"], asked["deny_partial_response"]) == ("false", "1")


def test_a_server_that_refuses_what_it_does_not_know_is_asked_without(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    said = {"code": 400, "message": 'Unknown name "partial_response": Cannot bind query parameter.'}

    def answer(request: Request) -> Response:
        if "partial_response" in request.form:
            return Response(json.dumps({"error": said}), status=400)
        return Response(success(pod_rows()))

    prometheus.answer = answer
    for _ in range(2):
        assert metrics.read("errors").problem == ""
    assert sum("partial_response" in look for look in (*prometheus.looks, *prometheus.asked)) == 1
    prometheus.says(success(pod_rows(), isPartial=True))
    _is_problem(metrics, prometheus, "its answer is partial", "backends")


@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_no_answer_makes_a_reading_raise(
    metrics: PrometheusMetrics, prometheus: Prometheus, body: bytes
) -> None:
    prometheus.says(body)
    assert metrics.read("errors").samples == ()


@pytest.mark.parametrize("place", ["http://[", "//[::1", ""])
def test_a_redirect_to_no_address(metrics: PrometheusMetrics, prometheus: Prometheus, place: str) -> None:
    prometheus.says("", 302, {"Location": place})
    assert metrics.read("errors").samples == ()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_answer_that_is_not_packed_as_it_says(
    metrics: PrometheusMetrics, prometheus: Prometheus, encoding: str
) -> None:
    prometheus.says(success(pod_rows()), headers={"Content-Encoding": encoding})
    _is_problem(metrics, prometheus, "no usable answer", "prometheus")


def test_a_secret_that_is_no_text(make: Make, prometheus: Prometheus, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    assert "is no text" in make(bearer_token_file=file).read("errors").problem
    assert not prometheus.asked


def test_redirects_are_not_followed(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says("", 302, {"Location": "https://me:secret@login.example/?next=x"})
    _is_problem(metrics, prometheus, "redirects to https://login.example/", "prometheus.url")


def test_a_cut_answer(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says('{"status"', 200, {"Content-Length": "100"})
    _is_problem(metrics, prometheus, "not JSON ('{\"status\"')", "prometheus.url")


def test_a_trickling_answer_ends_at_the_deadline(make: Make, prometheus: Prometheus) -> None:
    """Each piece comes within requests' own timeout; all of them would take for ever."""
    over = threading.Event()

    def pieces() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    prometheus.answer = lambda _: Response(pieces())
    try:
        _is_problem(make(timeout=0.2), prometheus, "did not answer within 0.2 s", "prometheus.timeout")
    finally:
        over.set()


def test_no_server(make: Make, prometheus: Prometheus) -> None:
    metrics = make(url="http://127.0.0.1:1/prometheus")
    problem = metrics.read("errors").problem
    assert problem.startswith("signal errors: Prometheus at http://127.0.0.1:1/prometheus cannot be reached")
    assert "Connection refused" in problem


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


END = datetime.fromtimestamp(NOW, UTC).replace(microsecond=0)
START = END - timedelta(minutes=30)


def _ranges(*values: tuple[float, float]) -> list[Any]:
    """One pod's parts at points of time, as (point, scrape's age)."""
    points = [START.timestamp() + point for point, _ in values]
    rows = {
        "total": [[point, str(100 + index)] for index, point in enumerate(points)],
        "at": [[point, str(point - age)] for point, (_, age) in zip(points, values, strict=True)],
    }
    return [{"metric": row(part, "")["metric"], "values": pairs} for part, pairs in rows.items()]


def test_a_history_has_each_scrape_once(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success(_ranges((5, 10), (10, 1), (15, 6), (20, 11), (25, 1)), kind="matrix"))
    samples = metrics.history("errors", START, END)
    assert [(sample.at - START.timestamp(), sample.total) for sample in samples] == [(9, 101), (24, 104)]
    (asked,) = prometheus.asked
    assert (asked["start"], asked["end"], asked["step"]) == (
        str(int(START.timestamp())),
        str(int(END.timestamp())),
        "5",
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, ERROR.format("bad_data", "parse error"), Rejected),
        (503, "gone", Unavailable),
        (200, success([], kind="vector"), Rejected),
        (200, success([], kind="matrix", warnings=["partial"]), Unavailable),
        (200, success([], kind="matrix", warnings=[MIXED]), Unavailable),
    ],
)
def test_a_history_that_fails(
    metrics: PrometheusMetrics, prometheus: Prometheus, status: int, body: str, error: type[Exception]
) -> None:
    prometheus.says(body, status)
    with pytest.raises(error, match="signal errors: Prometheus at"):
        metrics.history("errors", START, END)


@pytest.mark.parametrize(("span", "pods"), [(10, 1), (1800, 3), (86_400, 1), (86_400, 1000), (1800, 5000)])
def test_a_history_is_bounded(span: float, pods: int) -> None:
    step = history_step(span, pods * 4)
    assert step >= 5
    assert span / step + 1 <= MOST_POINTS
    assert span / step * pods * 4 <= 100_000


def test_proxies_of_the_environment_are_not_used(
    make: Make, prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert make().read("errors").problem == ""
