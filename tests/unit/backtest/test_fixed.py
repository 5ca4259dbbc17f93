"""The fixed-threshold rule: the fourth look over the limit, and not one earlier."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.policy import SignalPolicy
from daemon.engine.backtest.fixed import FixedRule

ERRORS = SignalPolicy(name="errors", title="error rate", limit=0.05)
START = 1000.0


def looked(shares: list[float], *, requests: float = 100.0, every: float = 15.0) -> float | None:
    """When it rolls back, where a pod's scrapes bring so many requests with these shares of bad ones."""
    rule = FixedRule([ERRORS], START)
    bad = total = 0.0
    for index, share in enumerate(shares):
        bad, total = bad + share * requests, total + requests
        rule.take("errors", "p", START + 1 + index * every, bad, total)
    rule.pass_time(START + 1 + len(shares) * every)
    return None if rule.rolled_back_at is None else rule.rolled_back_at - START


def test_the_fourth_look_over_the_limit_rolls_back() -> None:
    # The first scrape is only a reference, so the looks from 30 s on see something.
    assert looked([0.2] * 20) == 75.0


def test_three_do_not() -> None:
    assert looked([0.2] * 4) is None


def test_failed_looks_add_up_however_many_are_good_between() -> None:
    burst = [0.0, 0.0, 0.5, *[0.0] * 8]
    assert looked(burst * 3) is not None
    assert looked([0.0] * 30) is None


def test_under_the_limit_it_never_does() -> None:
    assert looked([0.049] * 100) is None


def test_without_requests_nothing_has_failed() -> None:
    assert looked([0.2] * 50, requests=0.0) is None


def test_each_signal_counts_for_itself() -> None:
    rule = FixedRule([ERRORS, SignalPolicy(name="latency", title="slow", limit=0.05)], START)
    for index in range(5):
        at = START + 1 + index * 15.0
        name = "errors" if index % 2 else "latency"
        rule.take(name, "p", at, index * 50.0, index * 100.0)
    rule.pass_time(START + 60)
    assert rule.rolled_back_at is None


def test_a_reset_is_no_negative_count() -> None:
    rule = FixedRule([ERRORS], START)
    counts = [(0, 1000), (20, 1100), (40, 1200), (10, 50), (30, 150), (50, 250), (70, 350), (90, 450)]
    for index, (bad, total) in enumerate(counts):
        rule.take("errors", "p", START + 1 + index * 15.0, bad, total)
    assert rule.rolled_back_at == START + 75.0


def test_numbers_that_are_none_are_passed_over() -> None:
    rule = FixedRule([ERRORS], START)
    for index in range(20):
        rule.take("errors", "p", START + 1 + index * 15.0, math.nan, math.inf)
    assert rule.rolled_back_at is None


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(0, 39), st.floats(0, 1))
def test_more_bad_events_are_never_found_later(shares: list[float], where: int, more: float) -> None:
    before = looked(shares)
    worse = [max(share, more) if index == where else share for index, share in enumerate(shares)]
    after = looked(worse)
    assert before is None or (after is not None and after <= before)
