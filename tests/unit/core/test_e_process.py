"""The e-process: valid under optional stopping, quick on late failures, deaf to short bursts."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.statistics.e_process import EProcess, accumulate
from daemon.core.statistics.likelihood import ratios
from daemon.core.statistics.rounds import Rounds, cut
from daemon.core.thresholds import CAP, OPENING, ROUND

Scrape = tuple[float, float]
"""Bad events, all events."""


class Count(NamedTuple):
    at: float
    since: float
    bad: float
    total: float


class Watch(NamedTuple):
    """A process against a bound, and the rounds that it goes by."""

    rounds: Rounds = Rounds()
    process: EProcess = EProcess()

    def after(self, counts: Sequence[Count], bound: float) -> Watch:
        rounds, portions = cut(self.rounds, counts)
        return Watch(rounds, accumulate(self.process, portions, ratios(bound)))

    @property
    def log_e(self) -> float:
        return self.process.log_e


def run(scrapes: Sequence[Scrape], bound: float, *, every: float = ROUND) -> list[float]:
    """log e after each scrape."""
    watch, values = Watch(), []
    for index, (bad, total) in enumerate(scrapes, start=1):
        watch = watch.after([Count(index * every, (index - 1) * every, bad, total)], bound)
        values.append(watch.log_e)
    return values


def crossings(rate: float, bound: float, alpha: float, *, runs: int, scrapes: int, seed: int) -> int:
    """How many of ``runs`` streams at the true rate ever reach 1/alpha, looking after each ten events."""
    source, found = random.Random(seed), 0
    for _ in range(runs):
        stream = [(float(sum(source.random() < rate for _ in range(10))), 10.0) for _ in range(scrapes)]
        found += max(run(stream, bound)) >= math.log(1 / alpha)
    return found


@pytest.mark.parametrize(("rate", "bound"), [(0.05, 0.05), (0.01, 0.01), (0.03, 0.05)])
def test_looking_often_costs_no_false_alarm(rate: float, bound: float) -> None:
    """Ville's inequality at α = 5 %, worst case at the bound: 600 streams may cross 30 times in the mean.

    48 or more would happen by chance once in a thousand runs if the level were held exactly; a test that
    looked at a fixed-sample p-value of 5 % after every scrape would cross some 200 times.
    """
    assert crossings(rate, bound, 0.05, runs=600, scrapes=40, seed=7) < 48


def test_a_true_excess_is_found() -> None:
    """Power: 20 % against 5 %, 400 events: missed in fewer than 1 of 50."""
    assert crossings(0.20, 0.05, 0.05, runs=200, scrapes=40, seed=8) >= 196


def test_a_failure_that_begins_late_is_found_in_its_fifth_round() -> None:
    """After nine good minutes: no good time before has to be outweighed."""
    values = run([(7, 750)] * 36 + [(150, 750)] * 5, 0.05)
    assert values[35] < 0
    assert values[40] > math.log(800)


def test_three_bad_rounds_do_not_decide_once_the_release_has_begun_well() -> None:
    """At any strength."""
    values = run([(7, 750)] * 10 + [(300, 750), (750, 750), (750, 750)] + [(7, 750)] * 10, 0.05)
    assert max(values) < math.log(800)


def test_the_first_scrapes_may_decide_alone() -> None:
    assert run([(15, 75)], 0.05)[0] > math.log(20)
    assert run([(3, 3)], 0.05)[0] > math.log(20)


def test_where_scrapes_are_far_apart_each_counts_for_more() -> None:
    values = run([(10, 1000)] * 3 + [(600, 1000)] * 2, 0.05, every=60.0)
    assert values[4] - values[2] > 2 * CAP


def test_no_events_are_no_evidence() -> None:
    assert run([(0, 0)] * 5, 0.05) == [0.0] * 5


scrapes = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda t: (float(min(t)), float(max(t)))),
    min_size=1,
    max_size=15,
)


@given(scrapes, st.data(), st.floats(0.005, 0.6))
def test_one_more_bad_event_at_any_time_never_speaks_for_the_release(
    stream: list[Scrape], data: st.DataObject, bound: float
) -> None:
    place = data.draw(st.integers(0, len(stream) - 1))
    if stream[place][1] == 0:
        # Where nothing was served, the first event also sets the watch's beginning.
        return
    worse = list(stream)
    worse[place] = (worse[place][0] + 1, worse[place][1] + 1)
    assert run(worse, bound)[-1] >= run(stream, bound)[-1] - 1e-9


@given(scrapes, st.floats(0.005, 0.6), st.integers(1, 4))
def test_how_the_events_of_a_moment_are_split_does_not_matter(
    stream: list[Scrape], bound: float, parts: int
) -> None:
    split: list[Count] = []
    for index, (bad, total) in enumerate(stream, start=1):
        split += [Count(index * ROUND, (index - 1) * ROUND, bad / parts, total / parts)] * parts
    found = Watch().after(split, bound).log_e
    assert found == pytest.approx(run(stream, bound)[-1], abs=1e-6)


@given(scrapes, st.floats(0.005, 0.6), st.data())
def test_whether_scrapes_come_in_one_call_or_in_many_does_not_matter(
    stream: list[Scrape], bound: float, data: st.DataObject
) -> None:
    counts = [Count(i * 7.0, (i - 1) * 7.0, bad, total) for i, (bad, total) in enumerate(stream, start=1)]
    place = data.draw(st.integers(0, len(counts)))
    whole = Watch().after(counts, bound)
    parts = Watch().after(counts[:place], bound).after(counts[place:], bound)
    assert parts.log_e == pytest.approx(whole.log_e, abs=1e-6)


def test_the_opening_ends() -> None:
    """A pod that comes later does not bring the uncapped time back."""
    times = (0.0, OPENING / 2, OPENING + ROUND, OPENING + 3 * ROUND)
    before = Watch().after([Count(at, at, 0, 10) for at in times], 0.05)
    after = before.after([Count(200.0, 185.0, 500, 500)], 0.05)
    assert after.log_e - before.log_e < 2 * CAP
