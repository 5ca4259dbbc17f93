"""The baseline: how unevenly its events went bad, and what that is worth."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.signals.baseline import Round, baseline_of, pearson, replayed, rounds_of
from daemon.core.signals.counters import Step
from daemon.core.thresholds import ROUND
from tests.unit.core.signal_states import ALPHA, POLICY, Scrape, drawn, steady


def rounds(scrapes: list[Scrape]) -> list[Round]:
    return [Round(at=index * ROUND, bad=bad, total=total) for index, (bad, total) in enumerate(scrapes)]


def steps(scrapes: list[Scrape], pods: int = 1) -> list[Step]:
    return [
        Step(
            at=index * ROUND + pod,
            since=(index - 1) * ROUND + pod,
            bad=bad / pods,
            total=total / pods,
            unclear=0.0,
            pod=f"p-{pod}",
            age=0.0,
        )
        for index, (bad, total) in enumerate(scrapes)
        for pod in range(pods)
    ]


def bursts(
    every: int, length: int, share: float, *, scrapes: int = 120, per_scrape: float = 750
) -> list[Scrape]:
    return [
        (round(per_scrape * (share if index % every < length else 0.01)), per_scrape)
        for index in range(scrapes)
    ]


def test_independent_errors_are_taken_for_what_they_are() -> None:
    source = random.Random(5)
    found = [baseline_of(steps(drawn(0.02, 50, 120, source)), POLICY, ALPHA).dispersion for _ in range(40)]
    assert sum(found) / len(found) < 1.15
    assert max(found) < 1.6


def test_bursts_are_seen() -> None:
    assert pearson(rounds(bursts(10, 1, 0.2))) > 4
    assert pearson([]) == 1.0


def test_bursts_that_last_longer_than_a_scrape_weigh_more() -> None:
    assert pearson(rounds(bursts(30, 4, 0.1))) > 2 * pearson(rounds(bursts(30, 1, 0.1)))


def test_the_replay_thins_until_the_worst_span_is_far_from_a_conviction() -> None:
    assert replayed(rounds(steady(0.01, 75)), POLICY, ALPHA) == 1.0
    assert replayed(rounds(bursts(40, 2, 0.3)), POLICY, ALPHA) > 10
    # However busy the service is.
    assert replayed(rounds(bursts(40, 3, 0.5, per_scrape=15_000)), POLICY, ALPHA) > 1_000
    # Bad for the whole time is no burst: then only what is worse than that counts.
    assert replayed(rounds(steady(0.2, 75)), POLICY, ALPHA) == 1.0


def test_rounds_hold_everything_once() -> None:
    made = steps(steady(0.1, 30, 50), pods=3)
    found = rounds_of(made)
    assert sum(r.total for r in found) == sum(s.total for s in made)
    assert [r.at for r in found] == sorted(r.at for r in found)
    assert rounds_of([]) == ()


numbers = st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda t: (float(min(t)), float(max(t))))


@given(st.lists(numbers, max_size=30))
def test_any_baseline_has_a_dispersion(scrapes: list[Scrape]) -> None:
    assert baseline_of(steps(scrapes), POLICY, ALPHA).dispersion >= 1.0


@given(st.lists(numbers, min_size=1, max_size=30))
def test_the_order_of_pods_and_scrapes_does_not_matter(scrapes: list[Scrape]) -> None:
    made = steps(scrapes, pods=2)
    assert baseline_of(made[::-1], POLICY, ALPHA) == baseline_of(made, POLICY, ALPHA)
