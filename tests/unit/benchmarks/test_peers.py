"""The peers' documented semantics, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.judgement.peers import (
    RULES,
    Rule,
    argo,
    burn_rate,
    flagger,
    kayenta,
    pipecd_previous,
    pipecd_threshold,
)
from benchmarks.judgement.ranks import clearly_higher, greater_p
from benchmarks.judgement.windows import Metrics
from tests.unit.benchmarks.made import START, after, metrics, per_second

WELL = metrics(total=per_second(10), bad=per_second(0.1))
BAD = metrics(total=per_second(10), bad=per_second(2))
OUTAGE = metrics(total=per_second(10), bad=per_second(10))
NO_TRAFFIC = metrics(total=per_second(0), bad=per_second(0))
NO_SERIES = metrics(total=per_second(10), bad=lambda _: float("nan"))
DOWN = metrics(total=per_second(10), bad=per_second(0.1), unreachable=((100.0, 160.0),))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_rolls_back_a_steady_healthy_release(rule: Rule) -> None:
    assert rule.decide(WELL) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_finds_an_outage(rule: Rule) -> None:
    assert rule.decide(OUTAGE) is not None


class TestArgo:
    def test_the_first_value_decides_without_a_failure_limit(self) -> None:
        # Errors at 0, 10 and 20 s, for a new pod has no rate before its second scrape at 30 s.
        assert after(argo(BAD, interval=15, failure_limit=0)) == 30

    def test_a_failure_limit_of_three_costs_three_intervals(self) -> None:
        assert after(argo(BAD, interval=15, failure_limit=3)) == 30 + 3 * 15
        assert after(argo(BAD, interval=60, failure_limit=3)) == 30 + 3 * 60

    def test_an_empty_result_is_an_error_tried_again_after_ten_seconds_the_fifth_aborts(self) -> None:
        assert after(argo(NO_SERIES, interval=15, failure_limit=3)) == 40

    def test_nan_is_a_failed_measurement(self) -> None:
        assert after(argo(NO_TRAFFIC, interval=15, failure_limit=0)) == 30

    def test_an_outage_of_a_minute_aborts_a_healthy_release(self) -> None:
        # Ticks at 30, 45, …, 105; then 115, 125, 135, 145.
        assert after(argo(DOWN, interval=15, failure_limit=3)) == 145

    def test_failures_need_not_follow_each_other(self) -> None:
        # A bad minute twice, well between: with four failures in all it fails, though never four in a row.
        bad = [0.0, 0.0, 0.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 120.0, *[120.0] * 100]
        twice = metrics(total=per_second(10), bad=lambda second: bad[int(second) // 15])
        found = after(argo(twice, interval=15, failure_limit=4))
        assert found is not None
        assert found > 165


class TestFlagger:
    def test_checks_begin_at_the_third_tick_and_the_rollback_comes_one_later(self) -> None:
        assert after(flagger(BAD, interval=15, threshold=1)) == 30 + 15
        assert after(flagger(BAD, interval=15, threshold=5)) == 30 + 4 * 15 + 15

    def test_no_values_are_a_failed_check(self) -> None:
        assert after(flagger(NO_SERIES, interval=60, threshold=1)) == 120 + 60

    def test_a_query_that_fails_is_a_failed_check_and_checks_add_up(self) -> None:
        assert after(flagger(DOWN, interval=15, threshold=4)) == 150 + 15
        assert flagger(DOWN, interval=15, threshold=5) is None

    def test_nan_is_no_value(self) -> None:
        assert after(flagger(NO_TRAFFIC, interval=15, threshold=1)) == 30 + 15


class TestKayenta:
    def test_a_shift_within_a_quarter_of_itself_is_none(self) -> None:
        control = np.linspace(0.010, 0.020, 12)
        assert not clearly_higher(control + 0.0001, control, 0.98, 0.25)
        assert clearly_higher(control + 0.05, control, 0.98, 0.25)

    def test_higher_is_one_direction(self) -> None:
        control = np.linspace(0.05, 0.06, 12)
        assert not clearly_higher(control - 0.04, control, 0.98, 0.25)

    def test_a_metric_without_data_scores_nothing_and_fails(self) -> None:
        assert after(kayenta(NO_SERIES, interval=60)) == 60

    def test_no_requests_at_all_are_no_data(self) -> None:
        assert after(kayenta(NO_TRAFFIC, interval=300)) == 300


class TestPipecd:
    def test_three_of_three_just_reach_five_per_cent(self) -> None:
        assert greater_p(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(1 / 20)

    def test_two_of_two_never_do(self) -> None:
        assert greater_p(np.array([4.0, 5.0]), np.array([1.0, 2.0])) == pytest.approx(1 / 6)

    def test_ties_count_in_favour_of_equality(self) -> None:
        # Of the 20 arrangements of {1, 2, 3, 3, 4, 5} three have a sum over that of {3, 4, 5} less one.
        p = greater_p(np.array([3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0]))
        assert p == pytest.approx(2 / 20)

    def test_equal_values_are_no_finding(self) -> None:
        assert greater_p(np.zeros(6), np.zeros(6)) is None

    def test_any_point_out_of_range_fails_the_threshold(self) -> None:
        assert after(pipecd_threshold(BAD, interval=60)) == 60

    def test_a_look_without_an_answer_fails(self) -> None:
        assert after(pipecd_previous(DOWN, interval=120)) == 120
        assert after(pipecd_threshold(DOWN, interval=60)) == 120


class TestBurnRate:
    def test_both_windows_must_burn(self) -> None:
        # Two bad minutes at the start, gone from the last minute soon, and little in an hour.
        blip = metrics(total=per_second(10), bad=lambda second: min(second, 120.0) * 2)
        found = after(burn_rate(blip, long=300.0, short=60.0))
        assert found is not None
        assert found < 180
        assert burn_rate(blip, long=3600.0, short=300.0) is None

    def test_the_time_before_dilutes_the_long_window(self) -> None:
        # 1 % before and all bad since: 5 % of an hour are reached after (5 - 1) / 99 of it, 145 s.
        found = after(burn_rate(OUTAGE, long=3600.0, short=300.0))
        assert found == pytest.approx(145, abs=20)
        assert after(burn_rate(OUTAGE, long=300.0, short=60.0)) == 30

    def test_an_hour_of_which_half_is_known_counts_as_a_whole_one(self) -> None:
        asked = OUTAGE.long_ratio(START + np.array([0.0, 600.0]), 3600.0)
        assert asked.value == pytest.approx([0.01, (600 + 0.01 * 3000) / 3600], rel=0.02)

    @pytest.mark.parametrize("asked", [NO_TRAFFIC, NO_SERIES])
    def test_nan_and_nothing_do_not_fire(self, asked: Metrics) -> None:
        assert burn_rate(asked, long=300.0, short=60.0) is None
