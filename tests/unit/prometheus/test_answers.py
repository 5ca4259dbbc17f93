"""Answers of Prometheus, or of what stands in its place, that nothing can be read from."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from tests.unit.prometheus.conftest import Prometheus, pod_rows, success
from tests.unit.prometheus.unusable import END, ERROR, MIXED, START, is_problem

Make = Callable[..., PrometheusMetrics]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["status", "data", "warnings", "error"]), inner)
    ),
    max_leaves=8,
)

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
    is_problem(metrics, prometheus, problem, remedy)
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
    is_problem(metrics, prometheus, "its answer is partial", "backends")


def test_a_cut_answer_of_m3_is_unusable(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says(success(pod_rows()), headers={"M3-Results-Limited": "max_fetch_series_limit_applied"})
    is_problem(metrics, prometheus, "M3-Results-Limited: max_fetch_series_limit_applied", "backends")


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
    is_problem(metrics, prometheus, "its answer is partial", "backends")


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
    is_problem(metrics, prometheus, "no usable answer", "prometheus")


def test_a_secret_that_is_no_text(make: Make, prometheus: Prometheus, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    assert "is no text" in make(bearer_token_file=file).read("errors").problem
    assert not prometheus.asked


def test_redirects_are_not_followed(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says("", 302, {"Location": "https://me:secret@login.example/?next=x"})
    is_problem(metrics, prometheus, "redirects to https://login.example/", "prometheus.url")


def test_a_cut_answer(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    prometheus.says('{"status"', 200, {"Content-Length": "100"})
    is_problem(metrics, prometheus, "not JSON ('{\"status\"')", "prometheus.url")


def test_a_trickling_answer_ends_at_the_deadline(make: Make, prometheus: Prometheus) -> None:
    """Each piece comes within requests' own timeout; all of them would take for ever."""
    over = threading.Event()

    def pieces() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    prometheus.answer = lambda _: Response(pieces())
    try:
        is_problem(make(timeout=0.2), prometheus, "did not answer within 0.2 s", "prometheus.timeout")
    finally:
        over.set()


def test_no_server(make: Make, prometheus: Prometheus) -> None:
    metrics = make(url="http://127.0.0.1:1/prometheus")
    problem = metrics.read("errors").problem
    assert problem.startswith("signal errors: Prometheus at http://127.0.0.1:1/prometheus cannot be reached")
    assert "Connection refused" in problem
