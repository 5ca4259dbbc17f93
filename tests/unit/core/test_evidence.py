"""The statistics: validity under optional stopping, monotonicity, and what the bounds promise."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.counters import Tally
from daemon.core.evidence import dispersion, log_better, log_worse, upper_rate

rates = st.floats(0.001, 0.9)


def counts() -> st.SearchStrategy[Tally]:
    return st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(
        lambda t: Tally(bad=min(t), total=max(t), scrapes=1)
    )


def crossings(rate: float, bound: float, alpha: float, *, runs: int, looks: int, seed: int) -> int:
    """How many of ``runs`` streams at the true rate ever reach 1/alpha, looking after each ten events."""
    source, found = random.Random(seed), 0
    for _ in range(runs):
        tally = Tally()
        for _ in range(looks):
            tally += Tally(bad=sum(source.random() < rate for _ in range(10)), total=10, scrapes=1)
            if log_worse(tally, bound) >= math.log(1 / alpha):
                found += 1
                break
    return found


@pytest.mark.parametrize(("rate", "bound"), [(0.05, 0.05), (0.01, 0.01), (0.03, 0.05)])
def test_looking_often_costs_no_false_alarm(rate: float, bound: float) -> None:
    """Ville's inequality at α = 5 %, worst case at the bound: 600 streams may cross 30 times in the mean.

    48 or more would happen by chance once in a thousand runs if the level were held exactly; a test that
    looked at a fixed-sample p-value of 5 % after every scrape would cross some 200 times.
    """
    assert crossings(rate, bound, 0.05, runs=600, looks=40, seed=7) < 48


def test_a_true_excess_is_found() -> None:
    """Power: 20 % against 5 %, 400 events: missed in fewer than 1 of 50."""
    assert crossings(0.20, 0.05, 0.05, runs=200, looks=40, seed=8) >= 196


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


def test_bursts_are_seen_and_steady_errors_are_not() -> None:
    source = random.Random(5)
    steady = [Tally(bad=sum(source.random() < 0.02 for _ in range(50)), total=50) for _ in range(200)]
    bursts = [Tally(bad=10 if n % 10 == 0 else 0, total=50) for n in range(200)]
    assert dispersion(steady) < 1.4
    assert dispersion(bursts) > 4
    assert dispersion([]) == 1.0
