"""Names that only Prometheus 3 has, in a real Prometheus: of labels, of counters, and of histograms."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.prometheus.gauges import PrometheusGauges
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.settings import DependencySettings, PrometheusSettings, SignalSettings
from tests.e2e.cluster import binaries
from tests.e2e.own_prometheus import prometheus
from tests.e2e.remote_write import Native, Series, push
from tests.e2e.two_paths import time_of

pytestmark = pytest.mark.e2e

POD, NAMESPACE, REPLICA = 'k8s.pod."name"', "k8s.namespace\\name", "ä replica"
REQUESTS = '{"http.requests"}'
FAILED = '{"http.requests", "http.status"=~"5.."} # failures'
SECONDS = '{"http.server.request.duration", "url.path"!="/health" # not ours\n}'
SIGNALS = (
    SignalSettings(name="errors", bad=FAILED, total=REQUESTS, limit=0.05),
    SignalSettings(name="latency", histogram=SECONDS, slower_than=1.5, limit=0.05),
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with prometheus(binaries.ensure() / "prometheus") as url:
        now = time.time() - 5
        for replica in ("a", "b"):
            push(url, [Series(_labels(one, replica), [(now, value)]) for one, value in SERIES])
        yield url


SERIES: list[tuple[Mapping[str, str], float | Native]] = [
    ({"__name__": "http.requests", "http.status": "200"}, 90.0),
    ({"__name__": "http.requests", "http.status": "503"}, 10.0),
    ({"__name__": "http.server.request.duration_bucket", "le": "1"}, 5.0),
    ({"__name__": "http.server.request.duration_bucket", "le": "2.5"}, 7.0),
    ({"__name__": "http.server.request.duration_bucket", "le": "+Inf"}, 14.0),
    ({"__name__": "http.server.request.duration_bucket", "le": "+Inf", "url.path": "/health"}, 99.0),
    ({"__name__": "http.server.request.duration", POD: "native-1"}, Native(0, {-1: 5, 1: 2, 2: 7})),
    ({"__name__": "scada.up"}, 1.0),
]


def _labels(labels: Mapping[str, str], replica: str) -> Mapping[str, str]:
    common = {POD: "heat-1", NAMESPACE: "gl", "instance": "10.0.0.1:80", "job": "pods", REPLICA: replica}
    return {**common, **labels}


def settings(url: str) -> PrometheusSettings:
    return PrometheusSettings(url=url, pod_label=POD, namespace_label=NAMESPACE, replica_labels=(REPLICA,))


def test_they_are_read_now_and_in_the_past(server: str) -> None:
    now = time.time()
    with closing(PrometheusMetrics(settings(server), SIGNALS, SystemClock())) as metrics:
        for signal, counts in {
            "errors": {"heat-1": (100, 10, 0)},
            "latency": {"heat-1": (14, 7, 2), "native-1": (14, 7, 2)},
        }.items():
            reading = metrics.read(signal)
            assert (reading.problem, dict(reading.problems)) == ("", {})
            for samples in (reading.samples, metrics.history(signal, time_of(now - 60), time_of(now + 1))):
                assert {one.pod: (one.total, one.bad, one.unclear) for one in samples} == counts
                assert {one.namespace for one in samples} == {"gl"}


def test_a_gauge_is_read(server: str) -> None:
    scada = DependencySettings(name="scada", query='{"scada.up"}')
    with closing(PrometheusMetrics(settings(server), SIGNALS, SystemClock())) as metrics:
        gauges = PrometheusGauges(metrics.client, settings(server), (scada,), SystemClock())
        (gauge,) = gauges.gauge("scada").gauges
        assert (gauge.namespace, gauge.pod, gauge.value) == ("gl", "heat-1", 1)
        assert [one.pod for one in gauges.last_reached("scada", 60)] == ["heat-1"]
