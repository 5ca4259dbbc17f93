"""What each server does otherwise, and that the daemon reads it right all the same (docs/backends.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.prometheus.backend import identify
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.signals.sample import Sample
from daemon.settings import PrometheusSettings
from tests.backends import names, servers
from tests.backends.application import ELSEWHERE, NAMESPACE, RPS, SIGNALS, Application
from tests.backends.driver import BackendMetrics, metrics_driver
from tests.contract.drivers import FAILING

CHOSEN = [pytest.param(name, marks=pytest.mark.backends) for name in names()]
THANOS = pytest.mark.skipif("thanos" not in names(), reason="not among the servers that were asked for")


@pytest.fixture(params=CHOSEN)
def fleet(request: pytest.FixtureRequest) -> Iterator[BackendMetrics]:
    with metrics_driver(request.param) as driver:
        yield driver


def read(fleet: BackendMetrics, *, requests: float) -> None:
    """Wait until every pod has so many."""

    def enough() -> bool:
        samples = fleet.samples()
        return len(samples) == len(fleet.pods()) and all(one.total >= requests for one in samples)

    fleet.until(f"{requests:g} requests of every pod", enough)


def test_it_is_named(fleet: BackendMetrics) -> None:
    wanted = {"prometheus": "Prometheus 3.", "victoriametrics": "VictoriaMetrics", "thanos": "Thanos 0."}
    assert str(identify(fleet.metrics.client)).startswith(wanted[fleet.backend.name])


def test_a_histogram_is_read_and_its_parts_agree(fleet: BackendMetrics) -> None:
    fleet.deploy(FAILING)
    read(fleet, requests=20 * RPS)
    pods = {pod.name for pod in fleet.pods()}

    def whole() -> Sequence[Sample] | None:
        found = fleet.metrics.read("slow").samples
        return found if {sample.pod for sample in found} == pods else None

    for sample in fleet.until("the histogram of every pod", whole):
        assert sample.unclear == 0
        assert 0.1 <= (sample.bad or 0) / sample.total <= 0.3


def test_a_crowd_elsewhere_is_not_in_the_answer(fleet: BackendMetrics) -> None:
    fleet.application.crowd(2000)
    fleet.deploy(FAILING)
    read(fleet, requests=RPS)
    assert {sample.namespace for sample in fleet.metrics.read("slow").samples} == {NAMESPACE}
    settings = PrometheusSettings.model_validate({"url": fleet.backend.url})
    with closing(PrometheusMetrics(settings, SIGNALS, SystemClock())) as whole:
        reading = whole.read("errors")
        assert not reading.problem
        assert ELSEWHERE in {sample.namespace for sample in reading.samples}
        assert len(reading.samples) > 2000


@contextmanager
def thanos(*, deduplicates: bool) -> Iterator[BackendMetrics]:
    with (
        closing(Application()) as application,
        servers.thanos(application.address, deduplicates=deduplicates) as backend,
        closing(BackendMetrics(application, backend)) as driver,
    ):
        yield driver


@THANOS
@pytest.mark.backends
def test_replicas_that_it_does_not_deduplicate_count_each_request_once() -> None:
    with thanos(deduplicates=False) as fleet:
        fleet.deploy(FAILING)
        read(fleet, requests=10 * RPS)
        [one, other] = fleet.samples()
        served = max(one.at, other.at) - min(pod.created_at.timestamp() for pod in fleet.pods())
        assert max(one.total, other.total) <= RPS * (served + 1)


@THANOS
@pytest.mark.backends
def test_a_replica_that_is_gone_makes_the_answer_a_problem_and_not_a_smaller_one() -> None:
    with thanos(deduplicates=True) as fleet:
        fleet.deploy(FAILING)
        read(fleet, requests=10 * RPS)
        before = {sample.pod: sample.total for sample in fleet.samples()}
        fleet.backend.stop_half()

        def noticed() -> bool:
            reading = fleet.metrics.read("errors")
            now = {sample.pod: sample.total for sample in reading.samples}
            assert reading.problem or all(now[pod] >= total for pod, total in before.items())
            before.update(now)
            return bool(reading.problem)

        fleet.until("the missing replica to be noticed", noticed)
