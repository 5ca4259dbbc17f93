"""What every record of the corpus promises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.judgement.corpus import corpus
from benchmarks.judgement.effects import ClockStep, Resets
from benchmarks.judgement.families import SIGNALS, Family, Group
from benchmarks.judgement.generator import generate
from benchmarks.judgement.record import Record
from benchmarks.judgement.scene import NEW, SCRAPE
from daemon.core.judge.record_entries import RolloutStarted, Sampled
from tests import example

CORPUS = corpus()
SOME = CORPUS[::9]
BY_NAME = {family.name: family for family in CORPUS}


def increments(record: Record, revision: str) -> tuple[float, float]:
    """Bad and total of a revision's pods within the record, resets taken out."""
    bad = total = 0.0
    samples = record.samples
    for row, pod in enumerate(record.pods):
        if pod.revision == revision:
            mine = samples.pod == row
            first = 0.0 if revision == NEW else np.nan_to_num(samples.bad[mine][0])
            bad += float(samples.bad[mine][-1] - first)
            total += float(samples.total[mine][-1] - (0.0 if revision == NEW else samples.total[mine][0]))
    return bad, total


def test_signals_are_judged_as_the_shipped_example_says() -> None:
    compared = [signal for signal in example.SIGNALS if signal.name in SIGNALS]
    assert {signal.name for signal in compared} == set(SIGNALS)
    for signal in compared:
        ours = SIGNALS[signal.name]
        assert (ours.limit, ours.warmup) == (signal.limit, signal.warmup)
        assert (ours.baseline, ours.factor) == (signal.baseline, signal.factor)


def test_there_are_some_hundred_families_of_every_group() -> None:
    counts = {group: sum(family.group is group for family in CORPUS) for group in Group}
    assert len(CORPUS) >= 150
    assert all(count >= 20 for count in counts.values())
    assert {family.traffic for family in CORPUS} >= {0.1, 0.5, 1.0, 5.0, 20.0, 50.0, 200.0, 1000.0}


@pytest.mark.parametrize("family", SOME, ids=lambda family: family.name)
def test_a_seed_gives_the_same_record_and_another_a_different_one(family: Family) -> None:
    first, again, other = generate(family, 3), generate(family, 3), generate(family, 4)
    assert list(first.entries()) == list(again.entries())
    assert list(first.entries()) != list(other.entries())


@pytest.mark.parametrize("family", SOME, ids=lambda family: family.name)
def test_entries_come_in_order_with_one_rollout_among_them(family: Family) -> None:
    record = generate(family, 1)
    entries = list(record.entries())
    if not record.unreachable:
        assert all(one.at <= next_.at for one, next_ in pairwise(entries))
    assert sum(isinstance(entry, RolloutStarted) for entry in entries) == 1
    new = [entry for entry in entries if isinstance(entry, Sampled) and entry.revision == NEW]
    assert new
    assert all(entry.at >= record.start for entry in new)


@pytest.mark.parametrize("family", SOME, ids=lambda family: family.name)
def test_counters_grow_unless_the_process_restarts_and_bad_never_exceeds_total(family: Family) -> None:
    record = generate(family, 2)
    restarts = any(isinstance(flaw, Resets) for flaw in family.flaws)
    for samples in record.signals.values():
        assert (np.nan_to_num(samples.bad) <= samples.total).all()
        assert (samples.total >= 0).all()
        for row in range(len(record.pods)):
            steps = np.diff(samples.total[samples.pod == row])
            assert restarts or (steps >= 0).all()


@pytest.mark.parametrize(
    "family", [f for f in CORPUS if f.group is not Group.HEALTHY][::6], ids=lambda f: f.name
)
def test_what_breaks_has_an_onset_and_a_first_full_scrape_after_it(family: Family) -> None:
    record = generate(family, 0)
    assert record.onset is not None
    assert record.first_full is not None
    if record.onset >= record.start:
        assert record.onset + SCRAPE <= record.first_full <= record.onset + 3 * SCRAPE + 1


def test_healthy_families_have_no_onset_of_their_own() -> None:
    unchanged = [family for family in CORPUS if family.name.startswith("unchanged")]
    assert all(generate(family, 0).onset is None for family in unchanged)


def test_the_first_scrape_of_a_pod_that_replaces_another_at_once_holds_a_whole_interval() -> None:
    record = generate(BY_NAME["step 1% to 20%, 50/s"], 5)
    for row, pod in enumerate(record.pods):
        if pod.revision == NEW:
            first = record.samples.at[record.samples.pod == row][0] - record.start
            assert SCRAPE <= first - pod.start < SCRAPE + 1
            assert 0 <= pod.start < SCRAPE


@pytest.mark.parametrize(
    ("name", "revision", "rate"),
    [
        ("step 1% to 20%, 200/s", "new", 0.2),
        ("step 1% to 20%, 200/s", "old", 0.01),
        ("worse 1% to 4%, 1000/s", "new", 0.04),
        ("retry storms 1%, 50/s", "new", 0.01),
        ("clumped errors 1%, dispersion 10, 50/s", "new", 0.01),
    ],
)
def test_rates_are_those_the_family_says(name: str, revision: str, rate: float) -> None:
    counted = [increments(generate(BY_NAME[name], seed), revision) for seed in range(20)]
    bad, total = (sum(column) for column in zip(*counted, strict=True))
    assert bad / total == pytest.approx(rate, rel=0.05)


def test_traffic_is_what_the_family_says() -> None:
    counted = [increments(generate(BY_NAME["unchanged 1%, 50/s"], seed), "new")[1] for seed in range(10)]
    assert sum(counted) / len(counted) == pytest.approx(50 * 615, rel=0.03)


def test_clumped_errors_vary_as_much_more_as_the_family_says() -> None:
    family = BY_NAME["clumped errors 1%, dispersion 10, 50/s"]
    ratios = []
    for seed in range(10):
        samples = generate(family, seed).samples
        for row in range(3):
            mine = samples.pod == row
            bad, total = np.diff(samples.bad[mine]), np.diff(samples.total[mine])
            ratios.append(np.mean((bad - 0.01 * total) ** 2 / (total * 0.01 * 0.99)))
    assert np.mean(ratios) == pytest.approx(10, rel=0.15)


def test_bursts_lie_in_the_history_too() -> None:
    family = next(family for family in CORPUS if family.name.startswith("bursts of 45 s, 50%, every 30 min"))
    for seed in range(20):
        record = generate(family, seed)
        samples = record.samples
        steps = [
            np.diff(samples.bad[samples.pod == row]).max()
            for row, pod in enumerate(record.pods)
            if pod.revision == "old"
        ]
        assert max(steps) > 10


def test_a_clock_set_back_leaves_no_sample_out_of_order() -> None:
    family = next(family for family in CORPUS if family.name == "clock back, 50/s")
    assert any(isinstance(flaw, ClockStep) for flaw in family.flaws)
    samples = generate(family, 0).samples
    for row in range(6):
        assert (np.diff(samples.at[samples.pod == row]) > 0).all()
