"""The same rollout, once as a record and once through a real Prometheus: the daemon says the same of both."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest
from msgspec.structs import replace
from pytest_httpserver import HTTPServer

from daemon.adapters.clock import SystemClock
from daemon.core.assessment import Verdict
from daemon.core.judge.record_entries import Sampled
from daemon.core.signals.sample import Sample
from daemon.settings import PrometheusSettings
from tests.e2e.cluster import binaries
from tests.e2e.own_prometheus import AtMoment, prometheus
from tests.e2e.remote_write import Series, push
from tests.e2e.rollout_forms import sampled, series
from tests.e2e.rollouts import PARTED, ROLLOUTS, Rollout, scrapes
from tests.e2e.two_paths import Daemon, Look, Replayed, adapter, record, time_of

pytestmark = pytest.mark.e2e

SKEWED = [rollout for rollout in ROLLOUTS if rollout.name in {"errors", "incident", "native-between"}]
LIVE = [
    dataclasses.replace(rollout, name=f"live-{rollout.name}")
    for rollout in ROLLOUTS
    if rollout.name in {"healthy", "errors", "replicas", "incident", "slow", "native-between"}
]

TOLERANCE = 1e-6
"""The last digits depend on the order of a sum."""

every_rollout = pytest.mark.parametrize("rollout", ROLLOUTS, ids=lambda rollout: rollout.name)


@dataclass(frozen=True)
class Server:
    """A Prometheus with all rollouts in it, which began at ``start`` (Unix seconds)."""

    url: str
    start: float


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    with prometheus(binaries.ensure() / "prometheus") as url:
        yield url


@pytest.fixture(scope="module")
def server(empty: str) -> Server:
    start = float(int(time.time()) - 620)
    push(empty, [one for rollout in (*ROLLOUTS, PARTED) for one in series(rollout, start)])
    return Server(empty, start)


@pytest.fixture
def front(httpserver: HTTPServer, server: Server) -> Iterator[AtMoment]:
    with closing(AtMoment(httpserver, server.url)) as made:
        yield made


def same(one: Look, other: Look) -> None:
    assert one.said == other.said
    mine, its = one.evidence, other.evidence
    assert (mine.verdict, mine.new, mine.old, mine.baseline) == (its.verdict, its.new, its.old, its.baseline)
    assert mine.over_limit == pytest.approx(its.over_limit, abs=TOLERANCE)
    assert mine.over_baseline == pytest.approx(its.over_baseline, abs=TOLERANCE)
    assert mine.dispersion == pytest.approx(its.dispersion, abs=TOLERANCE)
    assert (mine.limit_line, mine.baseline_line) == (its.limit_line, its.baseline_line)
    # What is not known has different reasons: a record has no metrics server that lacks the new pods.
    assert mine.reason == its.reason or mine.verdict is Verdict.UNKNOWN


@every_rollout
def test_the_record_is_judged_as_it_should_be(rollout: Rollout) -> None:
    """Else the others would compare nothing of interest."""
    looks = record(rollout, 1_800_000_000.0)
    last = list(looks.values())[-1]
    assert last.said == rollout.outcome
    assert last.evidence.new.total > 0 or rollout.idle


@every_rollout
def test_the_history_holds_each_scrape_once(rollout: Rollout, server: Server) -> None:
    signal = rollout.signal.settings.name
    wanted = [_sample(rollout.name, sampled(rollout, one)) for one in scrapes(rollout, server.start)]
    first, last = wanted[0].at, wanted[-1].at
    with closing(adapter(server.url, SystemClock())) as metrics:
        found = metrics.history(signal, time_of(math.floor(first) - 60), time_of(math.ceil(last) + 5))
    assert [_counted(one) for one in found if one.namespace == rollout.name] == wanted


@every_rollout
def test_a_daemon_that_watches_says_what_the_record_says(
    rollout: Rollout, server: Server, front: AtMoment
) -> None:
    with closing(Replayed(rollout, server.start, front)) as daemon:
        for moment, said in record(rollout, server.start).items():
            same(said, daemon.look(moment))


@every_rollout
def test_a_daemon_that_comes_late_says_what_the_record_says(
    rollout: Rollout, server: Server, front: AtMoment
) -> None:
    """All it knows it has from the history, up to the moment at which the record ends."""
    moment, said = list(record(rollout, server.start).items())[-1]
    with closing(Replayed(rollout, server.start, front)) as daemon:
        same(said, daemon.look(moment))


@pytest.mark.parametrize("ahead", [-90.0, 90.0])
@pytest.mark.parametrize("rollout", SKEWED, ids=lambda rollout: rollout.name)
def test_a_clock_that_differs_from_the_servers_changes_nothing(
    rollout: Rollout, ahead: float, server: Server, front: AtMoment
) -> None:
    with closing(Replayed(rollout, server.start, front, ahead)) as daemon:
        for moment, said in record(rollout, server.start).items():
            same(said, daemon.look(moment))


@every_rollout
def test_a_daemon_with_a_pace_of_its_own_decides_the_same(
    rollout: Rollout, server: Server, front: AtMoment
) -> None:
    """It polls as often as by default, whenever the scrapes may be: it knows at once or at the next poll."""
    moment, said = list(record(rollout, server.start).items())[-1]
    polled = server.start
    with closing(Replayed(rollout, server.start, front)) as daemon:
        seen = daemon.look(polled)
        while not seen.rolled_back and polled < moment:
            polled += PrometheusSettings().poll
            seen = daemon.look(polled)
    assert moment <= polled <= moment + PrometheusSettings().poll
    assert seen.said == said.said
    assert seen.evidence.baseline == said.evidence.baseline


def test_what_one_scraper_saw_before_the_other_is_counted_once(server: Server, front: AtMoment) -> None:
    """Where a process began anew, the other's old count hides the new one until it was there as well."""
    with closing(Replayed(PARTED, server.start, front)) as daemon:
        for moment, said in record(PARTED, server.start).items():
            seen = daemon.look(moment)
            assert seen.said == said.said
            assert seen.evidence.new.total <= said.evidence.new.total
    assert seen.evidence.new == said.evidence.new
    assert seen.evidence.baseline == said.evidence.baseline


@pytest.mark.parametrize("rollout", LIVE, ids=lambda rollout: rollout.name)
def test_a_daemon_in_the_present_says_what_the_record_says(rollout: Rollout, empty: str) -> None:
    """Nothing stands between it and the server, and each scrape is there only when it is due."""
    # Prometheus tells of what was scraped within five minutes.
    start = float(int(time.time()) - 270)
    clock, written = SystemClock(), series(rollout, start)
    policy = replace(rollout.signal.policy, stale_after=300.0)
    before = -math.inf
    with closing(adapter(empty, clock)) as metrics:
        daemon = Daemon(rollout, start, metrics, clock, policy)
        for moment, said in record(rollout, start).items():
            push(empty, _between(written, before, moment))
            same(said, daemon.look(moment))
            before = moment
    assert said.said == rollout.outcome


def _between(written: Sequence[Series], after: float, upto: float) -> list[Series]:
    cut = [Series(one.labels, [point for point in one.points if after < point[0] <= upto]) for one in written]
    return [one for one in cut if one.points]


def _sample(namespace: str, entry: Sampled) -> Sample:
    return Sample(
        namespace=namespace,
        pod=entry.pod,
        at=entry.at,
        total=entry.total,
        bad=entry.bad,
        unclear=entry.unclear,
    )


def _counted(sample: Sample) -> Sample:
    return replace(sample, bad=sample.bad or 0.0)
