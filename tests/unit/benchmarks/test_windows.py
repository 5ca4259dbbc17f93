"""rate() over raw samples, against values computed by hand from Prometheus's rules."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.judgement.windows import Answer, Matrix, Series
from tests.unit.benchmarks.made import START, metrics, per_second


def rate(points: dict[float, float], at: float, window: float = 60.0) -> Answer:
    series = Series.of(np.array(list(points), dtype=np.float64), np.array(list(points.values())))
    answer = Matrix([series]).rate(np.array([at]), window)
    return Answer(answer.value[0], answer.exists[0])


def value(points: dict[float, float], at: float, window: float = 60.0) -> float:
    answer = rate(points, at, window)
    assert answer.exists[0]
    return float(answer.value[0])


def test_a_range_is_open_at_its_left_end_and_extrapolated_to_it() -> None:
    # (0, 60] holds four samples, 30 in 45 s; the one at 0 is outside. Extrapolated by 15 s: 40 in 60 s.
    points = {0.0: 0.0, 15.0: 10.0, 30.0: 20.0, 45.0: 30.0, 60.0: 40.0}
    assert value(points, 60.0) == pytest.approx(40 / 60)


def test_a_series_that_begins_within_the_range_is_extrapolated_by_half_a_distance() -> None:
    # 3 in 15 s, plus 7.5 s before the first (its zero lies 25 s back) and 1 s after the last.
    assert value({100.0: 5.0, 115.0: 8.0}, 116.0) == pytest.approx(3 * 23.5 / 15 / 60)


def test_nothing_is_extrapolated_to_before_the_counter_was_zero() -> None:
    # From 1 to 7 in 15 s: zero was 2.5 s before the first sample.
    assert value({100.0: 1.0, 115.0: 7.0}, 116.0) == pytest.approx(6 * 18.5 / 15 / 60)


def test_a_series_that_ends_within_the_range_is_extrapolated_by_half_a_distance() -> None:
    assert value({10.0: 1000.0, 25.0: 1015.0}, 60.0) == pytest.approx(15 * (15 + 10 + 7.5) / 15 / 60)


def test_a_reset_adds_what_was_counted_before_it() -> None:
    # 10, 20, then anew 5, 15: 10 + 5 + 10 in 45 s, and 15 s to the range's beginning.
    assert value({0.0: 10.0, 15.0: 20.0, 30.0: 5.0, 45.0: 15.0}, 45.0) == pytest.approx(25 * 60 / 45 / 60)


@pytest.mark.parametrize("points", [{}, {50.0: 7.0}, {0.0: 1.0, 50.0: 7.0}])
def test_a_series_needs_two_samples_in_the_range(points: dict[float, float]) -> None:
    assert not rate(points, 60.0).exists[0]


def test_many_series_at_many_times_are_answered_like_one_at_one() -> None:
    rng = np.random.default_rng(7)
    many = [
        Series.of(
            np.arange(begin, 900.0, 15.0), np.cumsum(rng.integers(0, 50, size)).astype(np.float64) % 400
        )
        for begin, size in ((0.0, 60), (7.0, 60), (885.0, 1), (300.0, 40))
    ]
    many.append(Series.of(np.array([]), np.array([])))
    times = np.linspace(-10.0, 1000.0, 97)
    whole = Matrix(many).rate(times, 60.0)
    for row, series in enumerate(many):
        for column, time in enumerate(times.tolist()):
            one = Matrix([series]).rate(np.array([time]), 60.0)
            assert whole.exists[row, column] == one.exists[0, 0]
            assert whole.value[row, column] == pytest.approx(one.value[0, 0])


def test_nothing_divided_by_nothing_is_nan_and_exists() -> None:
    answer = metrics(total=per_second(0), bad=per_second(0)).ratio("new", np.array([START + 300]), 60.0)
    assert answer.exists[0]
    assert np.isnan(answer.value[0])


def test_a_series_without_samples_gives_an_empty_result() -> None:
    never = metrics(total=per_second(10), bad=lambda _: float("nan"))
    answer = never.ratio("new", np.array([START + 300]), 60.0)
    assert not answer.exists[0]


def test_a_new_pod_costs_two_scrapes_before_there_is_a_ratio() -> None:
    asked = metrics(total=per_second(10), bad=per_second(2))
    answer = asked.ratio("new", START + np.array([14.0, 29.0, 30.0]), 60.0)
    assert answer.exists.tolist() == [False, False, True]
    assert answer.value[2] == pytest.approx(0.2)
