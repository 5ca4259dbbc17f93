"""The contract of the metrics port against one of the servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from daemon.adapters.clock import SystemClock
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.model import Pod
from daemon.core.signals.sample import Sample
from daemon.settings import PrometheusSettings
from tests.backends.application import NAMESPACE, RPS, SIGNALS, Application
from tests.backends.servers import BACKENDS, SCRAPE, Backend

T = TypeVar("T")
PATIENCE = 3.0
"""A machine that is busy takes longer than the contract's seconds."""


class BackendMetrics:
    signal, interval, rps = "errors", SCRAPE, RPS

    def __init__(self, application: Application, backend: Backend) -> None:
        self.application = application
        self.backend = backend
        self._up = _metrics(backend.url)
        self._down = _metrics("http://127.0.0.1:1")
        self._outage = False

    @property
    def metrics(self) -> PrometheusMetrics:
        return self._down if self._outage else self._up

    def until(self, what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            found = look()
            if found is not None and found is not False:
                return found
            assert time.monotonic() < deadline, f"not within {seconds * PATIENCE:g} s: {what}"
            time.sleep(0.1)

    def deploy(self, tag: str, *, replicas: int = 2) -> None:
        self.application.deploy(tag, replicas)

    def scale(self, replicas: int) -> None:
        self.application.scale(replicas)

    def pods(self) -> Sequence[Pod]:
        return self.application.pods()

    def samples(self) -> Sequence[Sample]:
        reading = self.metrics.read(self.signal)
        assert not reading.problem, reading.problem
        return reading.samples

    def outage(self, on: bool) -> None:
        self._outage = on

    def close(self) -> None:
        self._up.close()
        self._down.close()


def _metrics(url: str) -> PrometheusMetrics:
    settings = PrometheusSettings.model_validate({"url": url})
    return PrometheusMetrics(settings, SIGNALS, SystemClock(), namespaces=[NAMESPACE])


@contextmanager
def metrics_driver(name: str) -> Iterator[BackendMetrics]:
    application = Application()
    try:
        with BACKENDS[name](application.address) as backend:
            driver = BackendMetrics(application, backend)
            try:
                yield driver
            finally:
                driver.close()
    finally:
        application.close()
