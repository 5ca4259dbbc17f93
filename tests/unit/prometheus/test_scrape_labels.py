"""A pod's counters count once, whoever scrapes them, and by no label of the application's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from werkzeug import Request, Response

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.adapters.prometheus.promql import Grouping
from daemon.adapters.prometheus.scrape_labels import Scrapers, scrapers
from daemon.core.signals.sample import Sample
from tests.unit.prometheus.conftest import NOW, Prometheus, pod_rows, success
from tests.unit.prometheus.looks import of_targets

Make = Callable[..., PrometheusMetrics]
Labels = Mapping[str, str]
GROUPING = Grouping(namespace="namespace", pod="pod", replicas=("replica",))
NAMES = ("job", "endpoint", "service")


def at(pod: str = "heat-1", *, instance: str = "10.0.0.1:80", **labels: str) -> Labels:
    return {"namespace": "greenlang", "pod": pod, "instance": instance, "job": "a", **labels}


def found(targets: Sequence[Labels], rows: Sequence[Labels]) -> Scrapers:
    return scrapers(targets, rows, NAMES, GROUPING)


def test_labels_of_targets_tell_scrapers_apart() -> None:
    twice = [at(service="one"), at(service="two")]
    assert found(twice, twice) == Scrapers(
        labels=NAMES, pods=frozenset({("greenlang", "heat-1")}), ambiguous={}
    )


@pytest.mark.parametrize(
    "rows",
    [
        [at(endpoint="/x"), at(endpoint="/y")],
        [at(endpoint="http"), at(endpoint="/y")],
        [at(endpoint="http"), at("heat-2", endpoint="/y")],
    ],
)
def test_a_label_that_is_the_applications_somewhere_tells_none_apart(rows: Sequence[Labels]) -> None:
    targets = [at(endpoint="http"), at("heat-2", endpoint="http")]
    assert found(targets, rows).labels == ("job", "service")


def test_a_label_that_no_target_there_has_is_the_applications() -> None:
    """Only of another pod's targets is it a label; here it is in nobody's way."""
    targets = [at(), at("heat-2", endpoint="http")]
    assert found(targets, [at(endpoint="http"), at("heat-2", endpoint="http")]).labels == ("job", "service")


def test_of_what_was_not_scraped_only_job_is_taken_for_the_scrapes() -> None:
    rows = [at(endpoint="/x", job="b", instance="")]
    assert found([], rows).labels == ("job", "service")
    assert found([at(instance="")], rows).labels == ("service",)


def test_a_label_that_is_not_on_the_series_is_nobodys() -> None:
    assert found([at(endpoint="http")], [at()]).labels == NAMES


def test_what_tells_of_other_pods_has_the_labels_of_its_own_target() -> None:
    proxy = {"namespace": "edge", "pod": "proxy-1", "instance": "10.0.0.9:80", "job": "proxy", "service": "p"}
    told = at(instance="10.0.0.9:80", job="proxy", service="p")
    assert found([proxy, at(service="heat")], [told, at(service="heat")]).labels == NAMES


def test_a_pod_whose_scrapes_differ_in_what_is_the_applications_elsewhere_is_ambiguous() -> None:
    targets = [at(endpoint="http"), at(endpoint="web"), at("heat-2", endpoint="http")]
    rows = [at(endpoint="http"), at(endpoint="web"), at("heat-2", endpoint="/x")]
    assert found(targets, rows).ambiguous == {("greenlang", "heat-1"): ("endpoint",)}


def test_a_pod_whose_scrapes_differ_in_something_else_besides_is_not() -> None:
    targets = [at(endpoint="http", job="a"), at(endpoint="web", job="b"), at("heat-2", endpoint="http")]
    rows = [*targets[:2], at("heat-2", endpoint="/x")]
    assert found(targets, rows).ambiguous == {}
    replicas = [at(endpoint="http", replica="1"), at(endpoint="web", replica="2")]
    assert found([*replicas, targets[2]], [*replicas, rows[2]]).ambiguous == {}


def test_a_label_that_the_application_has_where_one_of_its_targets_has_none_is_ambiguous() -> None:
    """Of the other it is renamed, so the copies differ in it, and in whose it is."""
    targets = [at(), at(service="http")]
    rows = [at(service="/x"), at(service="http")]
    assert found(targets, rows).ambiguous == {("greenlang", "heat-1"): ("service",)}


def test_a_target_that_gives_nothing_makes_no_copy() -> None:
    targets = [at(endpoint="http"), at(endpoint="web"), at("heat-2", endpoint="http")]
    assert found(targets, [at(endpoint="http"), at("heat-2", endpoint="/x")]).ambiguous == {}


def test_what_the_application_says_in_its_targets_place_was_not_scraped_twice() -> None:
    """Copies whose only differing label gives way to the application's are one series."""
    targets = [at(endpoint="http"), at(endpoint="web")]
    assert found(targets, [at(endpoint="/x"), at(endpoint="/y")]).ambiguous == {}


# ------------------------------------------------------------ within a reading


def answers(prometheus: Prometheus, targets: Sequence[Labels], rows: Sequence[Labels]) -> None:
    def told(query: str) -> Sequence[Any]:
        labels = targets if of_targets(query) else rows
        return [{"metric": {"__name__": "up", **one}, "value": [NOW, "1"]} for one in labels]

    prometheus.targets = told


def test_they_are_looked_up_once_for_many_readings(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    answers(prometheus, [at(service="one")], [at(service="one")])
    prometheus.says(success(pod_rows()))
    for _ in range(5):
        assert len(metrics.read("errors").samples) == 1
    assert (len(prometheus.looks), len(prometheus.asked)) == (2, 5)
    by = "by (namespace, pod, instance, job, service, prometheus, prometheus_replica, replica)"
    assert prometheus.asked[-1]["query"].count(f"sum {by}") == 2
    assert prometheus.looks[1]["query"].startswith(f"group {by}")
    assert "gl006_http_requests_total" in prometheus.looks[0]["query"]


def test_a_new_pod_is_looked_at_before_it_counts(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    answers(prometheus, [at()], [at()])
    prometheus.says(success(pod_rows()))
    metrics.read("errors")
    prometheus.says(success([*pod_rows(), *pod_rows(pod="heat-2")]))
    assert [sample.pod for sample in metrics.read("errors").samples] == ["heat-1"]
    answers(prometheus, [at(), at("heat-2", path="x")], [at(), at("heat-2", path="x")])
    assert [sample.pod for sample in metrics.read("errors").samples] == ["heat-1", "heat-2"]
    assert "instance, job, path, prometheus" in prometheus.asked[-1]["query"]


def test_a_look_that_fails_is_the_readings_problem(
    metrics: PrometheusMetrics, prometheus: Prometheus
) -> None:
    def answer(request: Request) -> Response:
        look = of_targets(request.form["query"])
        return Response("gone", status=503) if look else Response(success(pod_rows()))

    prometheus.answer = answer
    reading = metrics.read("errors")
    assert reading.samples == ()
    assert reading.problem.startswith(f"signal errors: Prometheus at {prometheus.url}: it answers 503")


def test_an_ambiguous_pod_is_named_and_left_out(metrics: PrometheusMetrics, prometheus: Prometheus) -> None:
    twice = [at(endpoint="http"), at(endpoint="web")]
    answers(prometheus, [*twice, at("heat-2", endpoint="http")], [*twice, at("heat-2", endpoint="/x")])
    prometheus.says(success([*pod_rows(), *pod_rows(pod="heat-2")]))
    reading = metrics.read("errors")
    assert reading.samples == (
        Sample(namespace="greenlang", pod="heat-2", at=1799999999.25, total=100, bad=3),
    )
    assert set(reading.problems) == {"heat-1"}
    assert "scrapes that differ in endpoint alone" in reading.problems["heat-1"]
    assert "replica_labels" in reading.problems["heat-1"].partition(" — ")[2]


def test_names_of_targets_are_quoted_where_they_need_it(make: Make, prometheus: Prometheus) -> None:
    odd = {**at(), 'a "b"': "c"}
    answers(prometheus, [odd], [odd])
    prometheus.says(success(pod_rows()))
    assert make(replica_labels=[]).read("errors").samples
    assert r'by (namespace, pod, instance, job, "a \"b\"")' in prometheus.asked[-1]["query"]
