"""What Prometheus says of a dependency, reporter by reporter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.gauges import PrometheusGauges
from daemon.ports import Gauge, Rejected, Unavailable
from daemon.settings import DependencySettings, PrometheusSettings
from tests.unit.prometheus.conftest import NOW, MachineClock, Prometheus, row, success

DEPENDENCIES = (
    DependencySettings(name="scada", query="gl006_scada_connection_status"),
    DependencySettings(name="mail", query='probe_success{job="mail"} # from outside', scope="cluster"),
)
Make = Callable[..., PrometheusGauges]


@pytest.fixture
def make(prometheus: Prometheus) -> Iterator[Make]:
    clients: list[PrometheusClient] = []

    def make_one(**more: Any) -> PrometheusGauges:
        settings = PrometheusSettings.model_validate({"url": prometheus.url} | more)
        clients.append(PrometheusClient(settings, MachineClock()))
        return PrometheusGauges(clients[-1], settings, DEPENDENCIES, MachineClock())

    yield make_one
    for client in clients:
        client.close()


@pytest.fixture
def gauges(make: Make) -> PrometheusGauges:
    return make()


def reported(value: str, *, pod: str = "heat-1", at: str = "1799999999.25", **labels: str) -> list[Any]:
    return [row("value", value, pod=pod, **labels), row("at", at, pod=pod, **labels)]


def test_each_pod_reports_at_the_time_of_its_own_scrape(
    gauges: PrometheusGauges, prometheus: Prometheus
) -> None:
    prometheus.says(success([*reported("1"), *reported("0", pod="heat-2", at="1799999990")]))
    reading = gauges.gauge("scada")
    assert (reading.taken_at, reading.problem) == (NOW, "")
    assert reading.gauges == (
        Gauge(namespace="greenlang", pod="heat-1", at=1799999999.25, value=1.0),
        Gauge(namespace="greenlang", pod="heat-2", at=1799999990.0, value=0.0),
    )
    (asked,) = prometheus.asked
    assert "min by (namespace, pod) (\ngl006_scada_connection_status\n)" in asked["query"]
    assert "timestamp(\ngl006_scada_connection_status\n)" in asked["query"]


def test_what_belongs_to_the_cluster_is_one_value(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    prometheus.says(success(reported("0", pod="", namespace="")))
    assert gauges.gauge("mail").gauges == (Gauge(namespace="", pod="", at=1799999999.25, value=0.0),)
    assert "min by () (" in prometheus.asked[0]["query"]


def test_the_labels_are_configurable(make: Make, prometheus: Prometheus) -> None:
    prometheus.says(success(reported("1", pod="", namespace="", kube_pod="x", kube_ns="y")))
    (gauge,) = make(pod_label="kube_pod", namespace_label="kube_ns").gauge("scada").gauges
    assert (gauge.namespace, gauge.pod) == ("y", "x")


def test_no_series_is_a_reading_that_says_nothing(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    prometheus.says(success([]))
    reading = gauges.gauge("scada")
    assert (reading.gauges, reading.problem) == ((), "")


def test_a_value_that_is_no_number_is_passed_on(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    prometheus.says(success(reported("NaN")))
    (gauge,) = gauges.gauge("scada").gauges
    assert math.isnan(gauge.value)


def test_an_outage_is_in_the_reading(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    prometheus.says("upstream sent nothing", status=502)
    reading = gauges.gauge("scada")
    assert reading.gauges == ()
    assert "502" in reading.problem
    with pytest.raises(Unavailable, match="502"):
        gauges.last_reached("scada", 600)


def test_a_query_that_is_wrong_is_rejected(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    body = '{"status": "error", "errorType": "bad_data", "error": "parse error"}'
    prometheus.says(body, status=400)
    with pytest.raises(Rejected, match="parse error"):
        gauges.last_reached("scada", 600)
    assert "parse error" in gauges.gauge("scada").problem


def test_a_name_that_is_not_configured_names_those_that_are(gauges: PrometheusGauges) -> None:
    assert "valid: scada, mail" in gauges.gauge("scda").problem


def test_when_it_was_last_reached(gauges: PrometheusGauges, prometheus: Prometheus) -> None:
    labels = {"namespace": "greenlang", "pod": "heat-0"}
    prometheus.says(success([{"metric": labels, "value": [NOW, "1799999000.5"]}]))
    assert gauges.last_reached("scada", 600) == (
        Gauge(namespace="greenlang", pod="heat-0", at=1799999000.5, value=1.0),
    )
    query = prometheus.asked[0]["query"]
    assert "timestamp(min by (namespace, pod) (\ngl006_scada_connection_status\n) > 0)[600s:5s]" in query
