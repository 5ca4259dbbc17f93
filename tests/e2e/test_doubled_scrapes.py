"""However often and under whatever labels a pod is scraped, a real Prometheus is read as one scrape of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.clock import SystemClock
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.core.signals.sample import Reading, Sample
from daemon.settings import PrometheusSettings, SignalSettings
from tests.e2e.cluster import binaries
from tests.e2e.own_prometheus import prometheus
from tests.e2e.remote_write import Native, Series, push
from tests.e2e.two_paths import time_of

pytestmark = pytest.mark.e2e

NAMES = ("job", "service", "endpoint", "container", "prometheus", "k8s.team")
Labels = Mapping[str, str]
NUMBERS = count()
PATHS = ("/a", "/b", "http")
"""The values of the application's label; one of them is a target's as well."""


@dataclass(frozen=True)
class Pod:
    """``targets`` are the labels of its scrapes; the application has ``own``, which wins where honored."""

    targets: Sequence[Labels]
    own: str
    honored: bool

    @property
    def clear(self) -> bool:
        """Whether the application's label is never mixed up with that of a target."""
        having = sum(self.own in target for target in self.targets)
        return not having or (having == len(self.targets) and not self.honored)

    def labels(self, target: Labels, own: str) -> Labels:
        if self.own in target and not self.honored:
            return {**target, f"exported_{self.own}": own}
        return {**target, self.own: own}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with prometheus(binaries.ensure() / "prometheus") as url:
        yield url


TARGET = st.fixed_dictionaries(
    {"job": st.sampled_from(("x", "y"))},
    optional={name: st.sampled_from(("http", "x", "y")) for name in NAMES[1:]},
)
POD = st.builds(
    Pod,
    targets=st.lists(TARGET, min_size=1, max_size=4, unique_by=lambda one: tuple(sorted(one.items()))),
    own=st.sampled_from(("endpoint", "service", "path")),
    honored=st.booleans(),
)


def scraped(pod: Pod, name: str, namespace: str, now: float, scale: int) -> Iterator[Series]:
    """Its scrapes, one after the other; at each one it has counted more."""
    for number, target in enumerate(pod.targets, start=1):
        at = now + number - len(pod.targets)
        where = {"namespace": namespace, "pod": name, "instance": f"{namespace}-{name}:80", **target}
        yield Series({"__name__": "up", **where}, [(at, 1.0)])
        for path in PATHS:
            labels = pod.labels(where, path)
            for code, value in (("200", 90), ("500", 10)):
                yield Series(
                    {"__name__": "http_total", **labels, "code": code}, [(at, float(value * number * scale))]
                )
            for le, value in (("1", 5), ("2.5", 7), ("+Inf", 14)):
                yield Series(
                    {"__name__": "http_seconds_bucket", **labels, "le": le},
                    [(at, float(value * number * scale))],
                )
            native = Native(0, {-1: 5 * number * scale, 1: 2 * number * scale, 2: 7 * number * scale})
            yield Series({"__name__": "http_native", **labels}, [(at, native)])


def signals(namespace: str) -> tuple[SignalSettings, ...]:
    mine = f'namespace="{namespace}"'
    return (
        SignalSettings(
            name="errors", bad=f'http_total{{{mine},code="500"}}', total=f"http_total{{{mine}}}", limit=0.05
        ),
        SignalSettings(name="classic", histogram=f"http_seconds{{{mine}}}", slower_than=1.5, limit=0.05),
        SignalSettings(name="native", histogram=f"http_native{{{mine}}}", slower_than=1.5, limit=0.05),
    )


ONCE = {"errors": (300, 30, 0), "classic": (42, 21, 6), "native": (42, 21, 6)}
"""All, bad and unclear of one scrape of a pod, with all that is under its three paths."""


def wanted(signal: str, pod: Pod, scale: int) -> tuple[float, float, float]:
    total, bad, unclear = (float(one * len(pod.targets) * scale) for one in ONCE[signal])
    return total, bad, unclear


def counts(samples: Sequence[Sample]) -> Mapping[str, tuple[float, float | None, float]]:
    return {one.pod: (one.total, one.bad, one.unclear) for one in samples}


def read(url: str, pods: Mapping[str, Pod]) -> Mapping[str, tuple[Reading, Sequence[Sample]]]:
    """Of each signal the newest, and the newest of its history."""
    namespace, now = f"n{next(NUMBERS)}", float(int(time.time()) - 5)
    for scale, (name, pod) in enumerate(pods.items(), start=1):
        for series in scraped(pod, name, namespace, now, scale):
            push(url, [series])
    group = PrometheusSettings(url=url, replica_labels=())
    with closing(PrometheusMetrics(group, signals(namespace), SystemClock())) as metrics:
        return {
            signal.name: (
                metrics.read(signal.name),
                metrics.history(signal.name, time_of(now), time_of(now + 4)),
            )
            for signal in signals(namespace)
        }


EXAMPLES = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EXAMPLES
@given(pod=POD)
def test_a_pod_counts_as_in_one_scrape(server: str, pod: Pod) -> None:
    for signal, (reading, past) in read(server, {"heat-1": pod}).items():
        assert reading.problem == ""
        named = not pod.clear and set(reading.problems) == {"heat-1"}
        assert named or not reading.problems
        assert counts(reading.samples) == ({} if named else {"heat-1": wanted(signal, pod, 1)})
        assert counts(past) == counts(reading.samples)


@EXAMPLES
@given(one=POD, other=POD)
def test_beside_another_it_does_so_or_is_named(server: str, one: Pod, other: Pod) -> None:
    """One label cannot be the scrape's of one and the application's of the other."""
    pods = {"heat-1": one, "heat-2": other}
    for signal, (reading, past) in read(server, pods).items():
        assert reading.problem == ""
        right = {name: wanted(signal, pod, scale) for scale, (name, pod) in enumerate(pods.items(), start=1)}
        told = [name for name in pods if name not in reading.problems]
        assert counts(reading.samples) == {name: right[name] for name in told}
        assert counts(past) == counts(reading.samples)
