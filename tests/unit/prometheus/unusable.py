"""Answers that cannot be used, what is said of them, and the span that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from tests.unit.prometheus.conftest import NOW, Prometheus

MIXED = "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas"


def is_problem(metrics: PrometheusMetrics, prometheus: Prometheus, problem: str, remedy: str) -> None:
    reading = metrics.read("errors")
    sentence, _, cure = reading.problem.partition(" — ")
    assert reading.samples == ()
    assert sentence.startswith(f"signal errors: Prometheus at {prometheus.url}")
    assert problem in sentence
    assert remedy in cure
    assert "\n" not in reading.problem


ERROR = '{{"status": "error", "errorType": "{}", "error": "{}"}}'

END = datetime.fromtimestamp(NOW, UTC).replace(microsecond=0)

START = END - timedelta(minutes=30)
