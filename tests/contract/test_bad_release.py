"""A bad release, played on the twins without anybody watching: what the judge would have to go by."""

from __future__ import annotations

import pytest

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.metrics import MemoryMetrics
from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.model import Revision, WorkloadRef
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.signals.counters import Book, observe
from daemon.core.statistics.counts import Tally
from tests.simulation.faulty import FaultyCluster

REF = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")
IMAGE = "gcr.io/greenlang/gl-006-heatreclaim"
TRAFFIC = Traffic(rps=50.0, signals={"errors": Rates(bad=0.002, by_tag={"v1.1.0": 0.2})})


class Watch:
    """Counts what is scraped from now on, as the engine does."""

    def __init__(self, seed: int) -> None:
        self.clock = ManualClock()
        self.cluster = FaultyCluster(self.clock, seed=seed)
        self.metrics = MemoryMetrics(self.cluster, self.clock, {REF: TRAFFIC}, seed=seed)
        self.cluster.apply(REF, image=f"{IMAGE}:v1.0.0")
        self.clock.advance(600)
        self.began = self.clock.now()
        self.book = observe(Book(), self.metrics.read("errors").samples, starts_at_zero=lambda _: False)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            self.clock.advance(5)
            samples = self.metrics.read("errors").samples
            self.book = observe(self.book, samples, starts_at_zero=lambda _: True)

    def tally(self, revision: Revision) -> Tally:
        workload = self.cluster.workload(REF)
        assert workload is not None
        owners = PodOwners(workload)
        return self.book.tally(lambda pod: owners.made(revision, pod))

    def current(self) -> Revision:
        workload = self.cluster.workload(REF)
        assert workload is not None
        assert workload.current is not None
        return workload.current


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_new_pods_fail_from_their_first_scrape_and_the_old_ones_do_not(seed: int) -> None:
    watch = Watch(seed)
    old = watch.current()
    watch.cluster.set_image(REF, f"{IMAGE}:v1.1.0")
    watch.run(15)
    early = watch.tally(watch.current())
    assert early.total > 0
    assert early.rate == pytest.approx(0.2, abs=0.12)
    watch.run(120)
    new = watch.current()
    late = watch.tally(new)
    assert late.rate == pytest.approx(0.2, abs=0.02)
    assert late.total == pytest.approx(50 * 125, rel=0.1)
    before = watch.tally(old)
    assert before.rate is not None
    assert before.rate < 0.02

    watch.cluster.undo_by_somebody(REF)
    watch.run(60)
    assert watch.current().replica_set_uid == old.replica_set_uid
    back = watch.tally(watch.current())
    assert (back.bad - before.bad) / (back.total - before.total) < 0.01


def test_the_same_seed_gives_the_same_story() -> None:
    def story(seed: int) -> Book:
        watch = Watch(seed)
        watch.cluster.set_image(REF, f"{IMAGE}:v1.1.0")
        watch.run(60)
        return watch.book

    assert story(7) == story(7)
    assert story(7) != story(8)
