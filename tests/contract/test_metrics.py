"""The contract of :class:`daemon.ports.Metrics`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from daemon.core.signals.counters import Book, observe
from daemon.core.signals.sample import Sample
from daemon.ports import PortError, Unavailable
from tests.contract.drivers import FAILING, GOOD, MetricsDriver


def newest(fleet: MetricsDriver) -> Mapping[str, Sample]:
    return {sample.pod: sample for sample in fleet.samples()}


def times(samples: Sequence[Sample]) -> set[tuple[str, float]]:
    return {(sample.pod, sample.at) for sample in samples}


def counted(samples: Sequence[Sample], pod: str, until: float) -> tuple[float, float]:
    """Bad and all events of a pod that was born within the samples, up to a scrape."""
    own = [sample for sample in samples if sample.pod == pod and sample.at <= until]
    tally = observe(Book(), own, starts_at_zero=lambda _: True).tally(lambda _: True)
    return tally.bad, tally.total


def scraped(fleet: MetricsDriver, *, requests: float) -> Mapping[str, Sample]:
    """The newest samples, once there is one for every pod with as many requests."""

    def look() -> Mapping[str, Sample] | None:
        found = newest(fleet)
        pods = [pod.name for pod in fleet.pods()]
        enough = all(name in found and found[name].total >= requests for name in pods)
        return found if pods and enough else None

    return fleet.until(f"{requests:g} requests for every pod", look)


def test_every_pod_has_a_sample_of_its_own_time(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=2)
    samples = scraped(fleet, requests=1)
    reading = fleet.metrics.read(fleet.signal)
    assert reading.signal == fleet.signal
    assert not reading.problem
    assert not set(samples) & set(reading.problems)
    assert set(samples) == {pod.name for pod in fleet.pods()}
    for sample in samples.values():
        assert reading.taken_at - 3 * fleet.interval - 2 <= sample.at <= reading.taken_at
        assert math.isfinite(sample.total)
        assert sample.bad is None or 0 <= sample.bad <= sample.total
        assert 0 <= sample.unclear <= sample.total - (sample.bad or 0)


def test_counters_start_small_and_grow_with_the_traffic(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=1)
    [first] = scraped(fleet, requests=1).values()
    assert first.total <= fleet.rps * 30
    [later] = scraped(fleet, requests=first.total + 5 * fleet.rps).values()
    rps = (later.total - first.total) / (later.at - first.at)
    assert 0.5 * fleet.rps <= rps <= 2 * fleet.rps


def test_a_sample_repeats_until_the_next_scrape(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=1)
    scraped(fleet, requests=1)
    seen: dict[float, float] = {}

    def four() -> bool:
        for sample in newest(fleet).values():
            assert seen.setdefault(sample.at, sample.total) == sample.total
        return len(seen) >= 4

    fleet.until("four scrapes", four)
    times = sorted(seen)
    gaps = [after - before for before, after in pairwise(times)]
    assert all(gap >= 0.5 * fleet.interval for gap in gaps)
    assert [seen[at] for at in times] == sorted(seen.values())


def test_a_failing_release_shows_in_the_counters_of_its_pods(fleet: MetricsDriver) -> None:
    fleet.deploy(FAILING, replicas=2)
    samples = scraped(fleet, requests=30 * fleet.rps)
    bad = sum(sample.bad or 0 for sample in samples.values())
    total = sum(sample.total for sample in samples.values())
    assert 0.1 <= bad / total <= 0.3


def test_a_good_release_hardly_fails(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=2)
    samples = scraped(fleet, requests=20 * fleet.rps)
    bad = sum(sample.bad or 0 for sample in samples.values())
    total = sum(sample.total for sample in samples.values())
    assert bad / total <= 0.05


def test_history_has_a_scrape_at_most_once_and_agrees_with_the_readings(fleet: MetricsDriver) -> None:
    fleet.deploy(FAILING, replicas=2)
    read: dict[tuple[str, float], Sample] = {}

    def enough() -> bool:
        for sample in fleet.samples():
            read[sample.pod, sample.at] = sample
        return len(read) >= 10

    fleet.until("ten scrapes", enough)
    end = datetime.fromtimestamp(fleet.metrics.read(fleet.signal).taken_at, UTC)
    history = fleet.metrics.history(fleet.signal, end - timedelta(minutes=5), end)
    assert [sample.at for sample in history] == sorted(sample.at for sample in history)
    own = [sample for sample in history if sample.pod in {pod for pod, _ in read}]
    kept = {(sample.pod, sample.at): sample for sample in own}
    assert len(kept) == len(own)
    common = read.keys() & kept.keys()
    assert len(common) >= 4
    assert all(read[key] == kept[key] for key in common)


def test_history_keeps_to_its_span(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=1)
    scraped(fleet, requests=15 * fleet.rps)
    now = fleet.metrics.read(fleet.signal).taken_at
    start, end = now - 10 * fleet.interval, now - 0.5 * fleet.interval
    history = fleet.metrics.history(
        fleet.signal, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    )
    assert history
    assert all(start <= sample.at <= end for sample in history)
    before = datetime.fromtimestamp(now, UTC) - timedelta(hours=2)
    own = {pod.name for pod in fleet.pods()}
    old = fleet.metrics.history(fleet.signal, before, before + timedelta(minutes=5))
    assert not own & {sample.pod for sample in old}


def test_history_loses_nothing_that_the_readings_count(fleet: MetricsDriver) -> None:
    """However far apart its points are: the engine rebuilds its books from history after a restart."""
    fleet.deploy(FAILING, replicas=2)
    read: list[Sample] = []

    def enough() -> bool:
        read.extend(fleet.samples())
        return len(times(read)) >= 10

    fleet.until("ten scrapes", enough)
    end = datetime.fromtimestamp(fleet.metrics.read(fleet.signal).taken_at, UTC)
    history = fleet.metrics.history(fleet.signal, end - timedelta(minutes=5), end)
    for pod in {sample.pod for sample in read}:
        newest = max(at for name, at in times(read) & times(history) if name == pod)
        assert counted(read, pod, newest) == counted(history, pod, newest)


def test_an_unknown_signal_is_a_problem(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=1)
    reading = fleet.metrics.read("nonsense")
    assert "nonsense" in reading.problem
    assert not reading.samples
    now = datetime.fromtimestamp(reading.taken_at, UTC)
    with pytest.raises(PortError, match="nonsense"):
        fleet.metrics.history("nonsense", now - timedelta(minutes=1), now)


def test_the_series_of_a_pod_that_is_gone_end(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=2)
    both = scraped(fleet, requests=1)
    assert len(both) == 2
    fleet.scale(1)
    fleet.until("a single pod", lambda: len(newest(fleet)) == 1, 90.0)
    assert set(newest(fleet)) == {pod.name for pod in fleet.pods()}


def test_an_outage_is_a_problem_and_no_samples(fleet: MetricsDriver) -> None:
    fleet.deploy(GOOD, replicas=1)
    scraped(fleet, requests=1)
    fleet.outage(True)
    try:
        reading = fleet.metrics.read(fleet.signal)
        assert reading.problem
        assert not reading.samples
        now = datetime.fromtimestamp(reading.taken_at, UTC)
        with pytest.raises(Unavailable):
            fleet.metrics.history(fleet.signal, now - timedelta(minutes=1), now)
    finally:
        fleet.outage(False)
    fleet.until("an answer", lambda: not fleet.metrics.read(fleet.signal).problem)
    scraped(fleet, requests=1)
