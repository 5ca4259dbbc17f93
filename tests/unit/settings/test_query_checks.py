"""Queries that cannot be counters of each pod are refused; what might be is left to Prometheus."""

from __future__ import annotations

import pytest

from daemon.settings.query_checks import uncounted


@pytest.mark.parametrize(
    ("query", "message", "remedy"),
    [
        ('sum(rate(x_total{code=~"5.."}[5m]))', "rate(…) is no counter as scraped", "alone: 'x_total'"),
        ("increase(x_total[1m])", "increase(…) is no counter", "alone: 'x_total'"),
        ("avg_over_time(x_total[1m])", "avg_over_time(…) is no counter", "alone: 'x_total'"),
        ("histogram_quantile(0.99, x_bucket)", "histogram_quantile(…) is no counter", "alone: 'x_bucket'"),
        ("sum(x_total)", "sum(…) leaves the label pod out", "alone: 'x_total', or sum by (namespace, pod)"),
        ("sum by (code) (x_total)", "sum(…) leaves the label pod out", "sum by (namespace, pod)"),
        ("SUM without (pod) (x_total)", "sum(…) leaves the label pod out", "sum by (namespace, pod)"),
        ("sum(a_total) / sum(b_total)", "sum(…) leaves the label pod out", "write counters alone"),
    ],
)
def test_what_is_no_counter_of_each_pod(query: str, message: str, remedy: str) -> None:
    found = uncounted(query, "pod")

    assert found is not None
    assert message in found[0]
    assert remedy in found[1]


@pytest.mark.parametrize(
    "query",
    [
        'x_total{code=~"5.."}',
        "rate",
        '{"sum(", code="rate(x)"}',
        "sum by (namespace, pod) (x_total)",
        "sum(x_total) by (pod)",
        "sum without (code) (x_total)",
        "x_total or y_total",
        "x_total * on (pod) group_left (node) y",
        "label_replace(x_total, 'pod', '$1', 'p', '(.*)')",
    ],
)
def test_what_may_be_one(query: str) -> None:
    assert uncounted(query, "pod") is None


def test_the_pods_label_is_the_settings_one() -> None:
    assert uncounted('sum by ("k8s.pod.name") (x_total)', "k8s.pod.name") is None
    assert uncounted("sum by (pod) (x_total)", "k8s.pod.name") is not None
