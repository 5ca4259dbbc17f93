"""Counting: each event once, whatever the scrapes look like."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.signals.counters import Book, observe
from daemon.core.signals.sample import Sample
from daemon.core.statistics.counts import Tally


def sample(at: float, total: float, bad: float | None = 0.0, pod: str = "p") -> Sample:
    return Sample(namespace="n", pod=pod, at=at, total=total, bad=bad)


def tally(*samples: Sample, zero: bool = True) -> Tally:
    return observe(Book(), samples, starts_at_zero=lambda _: zero).tally(lambda _: True)


def test_a_new_pods_first_scrape_is_an_increment_already() -> None:
    assert tally(sample(1, 10, 2)) == Tally(bad=2, total=10, scrapes=1)


def test_an_older_pods_first_scrape_is_only_a_reference() -> None:
    assert tally(sample(1, 10, 2), sample(2, 15, 3), zero=False) == Tally(bad=1, total=5, scrapes=1)


def test_a_scrape_that_is_repeated_counts_once() -> None:
    assert tally(sample(1, 10), sample(1, 10), sample(1, 10)).total == 10


def test_a_reset_counts_from_zero() -> None:
    assert tally(sample(1, 10, 2), sample(2, 4, 1)) == Tally(bad=3, total=14, scrapes=2)


def test_bad_events_that_were_absent_are_zero() -> None:
    assert tally(sample(1, 10, None), sample(2, 20, 3)) == Tally(bad=3, total=20, scrapes=2)


def test_a_missed_scrape_loses_nothing() -> None:
    assert tally(sample(1, 10, 1), sample(9, 90, 9)) == Tally(bad=9, total=90, scrapes=2)


def test_nan_is_named_and_not_counted() -> None:
    book = observe(Book(), [sample(1, 10), sample(2, math.nan), sample(3, 30)], starts_at_zero=lambda _: True)
    assert book.tally(lambda _: True).total == 30
    book = observe(book, [sample(4, math.nan)], starts_at_zero=lambda _: True)
    assert "nan" in book.problem(lambda _: True)
    assert book.tally(lambda _: True).total == 30


def test_more_bad_than_all_is_named_and_not_counted() -> None:
    book = observe(Book(), [sample(1, 10, 20)], starts_at_zero=lambda _: True)
    assert "check the signal's pair" in book.problem(lambda _: True)
    assert book.tally(lambda _: True) == Tally()


increments = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 200)).map(lambda t: (min(t), max(t))),
    min_size=1,
    max_size=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), increments, max_size=4), st.randoms())
def test_order_repetition_and_interleaving_of_pods_do_not_matter(
    pods: dict[str, list[tuple[int, int]]], random: object
) -> None:
    samples = []
    for pod, steps in pods.items():
        bad = total = 0
        for at, (more_bad, more) in enumerate(steps):
            bad, total = bad + more_bad, total + more
            samples.append(sample(at, total, bad, pod))
    shuffled = [*samples, *samples]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    straight = observe(Book(), samples, starts_at_zero=lambda _: True)
    assert observe(Book(), shuffled, starts_at_zero=lambda _: True) == straight
    whole = straight.tally(lambda _: True)
    assert whole.total == sum(more for steps in pods.values() for _, more in steps)
    assert whole.bad == sum(bad for steps in pods.values() for bad, _ in steps)


@given(
    st.lists(
        st.builds(
            sample,
            at=st.floats(allow_nan=True, allow_infinity=True),
            total=st.floats(allow_nan=True, allow_infinity=True),
            bad=st.none() | st.floats(allow_nan=True, allow_infinity=True),
            pod=st.sampled_from("ab"),
        ),
        max_size=10,
    ),
    st.booleans(),
)
def test_no_input_breaks_it_or_makes_nonsense(samples: list[Sample], zero: bool) -> None:
    whole = tally(*samples, zero=zero)
    assert 0 <= whole.bad <= whole.total or math.isclose(whole.bad, whole.total)
    assert math.isfinite(whole.total)
