"""A metric of the whole cluster: the guarded namespaces are asked for alone, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
from werkzeug import Request, Response

from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.gauges import PrometheusGauges
from daemon.adapters.prometheus.metrics import CHECKED_EVERY, PrometheusMetrics
from daemon.adapters.prometheus.narrowing import guarded, narrowed
from daemon.adapters.simulation.clock import ManualClock
from daemon.ports import Clock
from daemon.settings import DependencySettings, PrometheusSettings, SignalSettings
from tests.unit.prometheus.conftest import MachineClock, Prometheus, pod_rows, success

TWO = ("greenlang", "shop")
BOTH = 'namespace=~"greenlang|shop"'
PAIR = {"name": "errors", "bad": "bad_total", "total": 'all_total{job="a"} # ours', "limit": 0.05}


@contextmanager
def reader(
    prometheus: Prometheus,
    signal: dict[str, Any],
    namespaces: Sequence[str],
    clock: Clock | None = None,
    **more: Any,
) -> Iterator[PrometheusMetrics]:
    group = PrometheusSettings.model_validate({"url": prometheus.url} | more)
    signals = [SignalSettings.model_validate(signal)]
    clock = clock or MachineClock()
    with closing(PrometheusMetrics(group, signals, clock, namespaces=namespaces)) as metrics:
        yield metrics


def asked(prometheus: Prometheus) -> list[str]:
    return [one["query"] for one in (*prometheus.looks, *prometheus.asked)]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("up", 'up{namespace="a"}'),
        ('up{job="x"}', 'up{namespace="a",job="x"\n}'),
        ('up{namespace="a"}', 'up{namespace="a",namespace="a"\n}'),
        ('{"http.server", code="5"} # odd', '{"http.server",namespace="a",code="5"\n}'),
        ("a_total + b_total", "a_total + b_total"),
        ("sum without (x) (a_total)", "sum without (x) (a_total)"),
    ],
)
def test_a_plain_selector_is_narrowed_and_nothing_else(expression: str, wanted: str) -> None:
    assert narrowed(expression, 'namespace="a"') == wanted
    assert narrowed(expression, "") == expression


def test_every_query_of_a_pair_names_the_namespaces_each_time(prometheus: Prometheus) -> None:
    prometheus.says(success(pod_rows()))
    with reader(prometheus, PAIR, TWO) as metrics:
        assert [sample.pod for sample in metrics.read("errors").samples] == ["heat-1"]
    queries = asked(prometheus)
    assert len(queries) == 3
    for query in queries:
        assert query.count("all_total{") == query.count(f"all_total{{{BOTH},job=")
    assert f"bad_total{{{BOTH}}}" in queries[-1]
    assert "rollbackd" in queries[-1]


def test_the_label_is_the_settings_one(prometheus: Prometheus) -> None:
    prometheus.says(success([]))
    with reader(prometheus, PAIR, ("shop",), namespace_label="k8s.namespace.name") as metrics:
        metrics.read("errors")
    assert 'all_total{"k8s.namespace.name"="shop",job="a"\n}' in asked(prometheus)[1]


def test_a_histogram_is_looked_up_and_read_in_the_namespaces(prometheus: Prometheus) -> None:
    prometheus.says(success([]))
    signal = {"name": "errors", "histogram": 'took_seconds{job="a"}', "slower_than": "5s", "limit": 0.01}
    with reader(prometheus, signal, TWO) as metrics:
        problem = metrics.read("errors").problem
    (query,) = asked(prometheus)
    assert query.count("took_seconds") == query.count("{") == query.count(BOTH)
    assert f'has a series with {BOTH},job="a" within five minutes' in problem


def test_a_gauge_may_be_without_a_namespace_or_of_the_cluster(prometheus: Prometheus) -> None:
    prometheus.says(success([]))
    settings = PrometheusSettings.model_validate({"url": prometheus.url})
    dependencies = [
        DependencySettings(name="scada", query="scada_status"),
        DependencySettings(name="mail", query="probe_success", scope="cluster"),
    ]
    with closing(PrometheusClient(settings, MachineClock())) as client:
        gauges = PrometheusGauges(client, settings, dependencies, MachineClock(), namespaces=TWO)
        gauges.gauge("scada")
        gauges.gauge("mail")
    scada, mail = asked(prometheus)
    assert scada.count('scada_status{namespace=~"|greenlang|shop"}') == 2
    assert "{" not in mail


@pytest.mark.parametrize("lacking", [True, False])
def test_series_without_labels_are_told_from_none(prometheus: Prometheus, lacking: bool) -> None:
    """They are in no namespace, and so in no answer: without a word they would look like no traffic."""

    def answer(request: Request) -> Response:
        unlabelled = 'all_total{namespace="",' in request.form["query"]
        return Response(success([{"metric": {}, "value": [1, "1"]}] if unlabelled and lacking else []))

    prometheus.answer = answer
    with reader(prometheus, PAIR, TWO) as metrics:
        problem = metrics.read("errors").problem
    assert ("no label 'namespace' or 'pod'" in problem) is lacking


def test_it_is_asked_seldom_while_nothing_changes_and_anew_after_samples_and_errors(
    prometheus: Prometheus,
) -> None:
    series: list[Any] = []
    down = False

    def answer(request: Request) -> Response:
        if 'all_total{namespace="",' in request.form["query"]:
            return Response(success([{"metric": {}, "value": [1, "1"]}]))
        return Response("down", status=400) if down else Response(success(series))

    prometheus.answer = answer
    clock = ManualClock()
    with reader(prometheus, PAIR, TWO, clock=clock) as metrics:

        def problem() -> str:
            return metrics.read("errors").problem

        def checks() -> int:
            return sum('namespace="",' in query for query in asked(prometheus))

        said = [problem() for _ in range(5)]
        assert "no label 'namespace' or 'pod'" in said[0]
        assert said == said[:1] * 5, "what was found stands until it is asked again"
        assert checks() == 1
        clock.advance(CHECKED_EVERY)
        assert (problem(), checks()) == (said[0], 2)
        series[:] = pod_rows()
        assert (problem(), checks()) == ("", 2)
        series.clear()
        assert (problem(), checks()) == (said[0], 3)
        down = True
        assert problem() not in {"", said[0]}
        down = False
        assert (problem(), checks()) == (said[0], 4)


def test_without_namespaces_everything_is_asked_for(
    make: Callable[..., PrometheusMetrics], prometheus: Prometheus
) -> None:
    prometheus.says(success([]))
    assert not make().read("errors").problem
    assert not any("namespace=" in query for query in asked(prometheus))


def test_one_matcher_for_one_namespace() -> None:
    settings = PrometheusSettings()
    assert guarded(settings, ["a"]).matcher == 'namespace="a"'
    assert guarded(settings, []).matcher == guarded(settings, []).matcher_or_none == ""
