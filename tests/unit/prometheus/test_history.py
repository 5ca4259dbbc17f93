"""A past stretch of a signal, read in one query of ranges."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.adapters.prometheus.metrics import MOST_POINTS, PrometheusMetrics, history_step
from daemon.ports import Rejected, Unavailable
from tests.unit.prometheus.conftest import Prometheus, row, success
from tests.unit.prometheus.unusable import END, ERROR, MIXED, START


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
