"""The statistics of counts: monotone, honest about what is not known, and what the bounds promise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.statistics.counts import Tally
from daemon.core.statistics.likelihood import log_better, log_worse, upper_rate

rates = st.floats(0.001, 0.9)


def counts() -> st.SearchStrategy[Tally]:
    return st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(
        lambda t: Tally(bad=min(t), total=max(t), scrapes=1)
    )


@given(counts(), rates)
def test_one_more_bad_event_never_speaks_for_the_release(tally: Tally, bound: float) -> None:
    worse = Tally(bad=tally.bad + 1, total=tally.total + 1)
    assert log_worse(worse, bound) >= log_worse(tally, bound) - 1e-9
    assert log_better(worse, bound, bound / 3) <= log_better(tally, bound, bound / 3) + 1e-9


@given(counts(), rates)
def test_one_more_good_event_never_speaks_against_it(tally: Tally, bound: float) -> None:
    better = Tally(bad=tally.bad, total=tally.total + 1)
    assert log_worse(better, bound) <= log_worse(tally, bound) + 1e-9
    assert log_better(better, bound, bound / 3) >= log_better(tally, bound, bound / 3) - 1e-9


@given(counts(), rates)
def test_it_cannot_be_worse_and_better_at_once(tally: Tally, bound: float) -> None:
    assert not (log_worse(tally, bound) >= 3 and log_better(tally, bound, 0.0) >= 3)


@given(counts(), st.floats(0.0001, 0.2))
def test_the_upper_bound_lies_above_the_rate(tally: Tally, alpha: float) -> None:
    bound = upper_rate(tally, alpha)
    assert 0 < bound <= 1
    assert tally.rate is None or bound >= min(tally.rate, 1 - 1e-5)


def test_the_upper_bound_covers() -> None:
    """Of 400 samples of a rate of 2 %, a 5 % bound may fall below it in at most 20 in the mean."""
    source = random.Random(3)
    below = 0
    for _ in range(400):
        bad = sum(source.random() < 0.02 for _ in range(500))
        below += upper_rate(Tally(bad=bad, total=500), 0.05) < 0.02
    assert below <= 33


def test_without_data_nothing_is_claimed() -> None:
    assert log_worse(Tally(), 0.05) == pytest.approx(0)
    assert log_better(Tally(), 0.05, 0.01) == pytest.approx(0)
    assert upper_rate(Tally(), 0.01) == 1.0
