"""Shares, delays, the best possible test, and what counts as missed."""

from __future__ import annotations

import math

import pytest

from benchmarks.judgement.corpus import corpus
from benchmarks.judgement.generator import generate
from benchmarks.judgement.oracle import best_by, best_median, power, wald
from benchmarks.judgement.scoring import OURS, Run, clopper_pearson, overall, score
from benchmarks.judgement.targets import targets

BY_NAME = {family.name: family for family in corpus()}
STEP = BY_NAME["step 1% to 20%, 5/s"]
HEALTHY = BY_NAME["unchanged 1%, 5/s"]


def run(at: float | None = None, *, onset: float | None = 0.0, decided: float | None = None) -> Run:
    return Run(
        onset=onset,
        first_full=None if onset is None else onset + 25,
        end=600.0,
        alarms={} if at is None else {OURS: at},
        decided=decided if decided is not None else at,
        attribution="" if at is None else "deployment",
        seconds=0.01,
        judged=100,
    )


@pytest.mark.parametrize(
    ("count", "runs", "low", "high"),
    [(0, 200, 0.0, 0.01827), (6, 600, 0.00368, 0.02164), (50, 50, 0.92887, 1.0), (1, 2, 0.01258, 0.98742)],
)
def test_the_interval_is_that_of_clopper_and_pearson(count: int, runs: int, low: float, high: float) -> None:
    assert clopper_pearson(count, runs) == pytest.approx((low, high), abs=2e-5)


def test_an_alarm_before_the_onset_is_no_detection() -> None:
    scored = score(STEP, [run(20.0, onset=100.0), run(130.0, onset=100.0), run(onset=100.0)], [OURS])
    ours = scored.rules[OURS]
    assert (ours.alarms.count, ours.premature) == (2, 1)
    assert ours.found is not None
    assert ours.found.count == 1
    assert ours.median is None


def test_delays_count_in_scrapes_from_the_first_full_one() -> None:
    scored = score(STEP, [run(25.0), run(26.0), run(40.0), run(56.0)], [OURS])
    assert scored.scrapes is not None
    assert (scored.scrapes.first.count, scored.scrapes.second.count) == (1, 3)
    assert scored.scrapes.median == 2
    assert scored.scrapes.p95 == 4


def test_the_whole_corpus_is_scored_by_runs() -> None:
    whole = overall(
        OURS, [(HEALTHY, [run(onset=None)] * 99 + [run(50.0, onset=None)]), (STEP, [run(30.0)] * 3)]
    )
    assert whole.healthy.share == 0.01
    assert whole.over == 0
    assert (whole.found.share, whole.median) == (1.0, 30.0)


def test_what_is_missed_in_the_full_form_may_be_chance_in_the_quick_one() -> None:
    scored = [score(HEALTHY, [run(50.0, onset=None)] * 2 + [run(onset=None)] * 98, [OURS])]
    assert [target.met for target in targets(scored, None, full=True)] == [False]
    assert [target.met for target in targets(scored, None, full=False)] == [True]
    scored = [score(HEALTHY, [run(50.0, onset=None)] * 9 + [run(onset=None)] * 91, [OURS])]
    assert [target.met for target in targets(scored, None, full=False)] == [False]


def test_a_slow_detection_misses_its_figures() -> None:
    scored = [score(STEP, [run(120.0)] * 300, [OURS])]
    assert [target.met for target in targets(scored, None, full=True)] == [False, False]
    assert [target.met for target in targets(scored, 101.0, full=True)] == [False, False, False]
    scored = [score(STEP, [run(20.0)] * 300, [OURS])]
    assert [target.met for target in targets(scored, 99.0, full=True)] == [True, True, True]


class TestBestPossible:
    def test_ten_of_ten_at_even_odds(self) -> None:
        # Of 10 fair coins 9 or more heads have a chance of 11/1024, over 1 %: only 10 heads reject for sure,
        # and 9 with the chance that uses up the rest.
        least, spare = 1 / 1024, (0.01 - 1 / 1024) / (10 / 1024)
        assert power(0.9, 0.5, 10) == pytest.approx(0.9**10 + spare * 10 * 0.9**9 * 0.1)
        assert least < 0.01

    def test_without_requests_nothing_but_chance_is_left(self) -> None:
        assert power(0.2, 0.05, 0) == 0.01

    @pytest.mark.parametrize("requests", [1, 7, 75, 750])
    def test_it_keeps_its_level_exactly(self, requests: int) -> None:
        assert power(0.05, 0.05, requests) == pytest.approx(0.01)

    def test_it_grows_with_traffic_and_with_time(self) -> None:
        shares = [
            best_by(0.1, 0.05, traffic, scrapes) for traffic, scrapes in ((1, 1), (5, 1), (5, 4), (20, 4))
        ]
        assert shares == sorted(shares)
        assert best_median(0.1, 0.05, 20.0) == 1
        assert best_median(0.051, 0.05, 0.1) is None

    def test_who_knows_the_rate_finds_a_step_and_seldom_more_than_the_bound_allows(self) -> None:
        records = [generate(STEP, seed) for seed in range(150)]
        at = [wald(record) for record in records]
        first = sum(
            time is not None and record.first_full is not None and time <= record.first_full
            for time, record in zip(at, records, strict=True)
        )
        share, bound = first / len(records), best_by(0.2, 0.05, 5.0, 1)
        assert share <= bound + 3 * math.sqrt(bound * (1 - bound) / len(records)) + 0.01
        assert share > 0.75

    def test_it_is_not_asked_where_the_failure_is_no_plain_step(self) -> None:
        assert wald(generate(HEALTHY, 0)) is None
