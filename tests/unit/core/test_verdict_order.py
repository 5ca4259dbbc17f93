"""The one order of the verdicts, which everything that ranks them goes by."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.assessment import Verdict, worst

ORDER = [Verdict.HEALTHY, Verdict.UNKNOWN, Verdict.DEGRADED, Verdict.FAILING]
"""As it is stated, the worst last. Another order would let a failure pass, or roll a healthy release back."""

verdicts = st.lists(st.sampled_from(Verdict))


def test_the_order_is_the_stated_one() -> None:
    assert list(Verdict) == ORDER
    assert [verdict.severity for verdict in ORDER] == [0, 1, 2, 3]


@pytest.mark.parametrize(("better", "bad"), list(combinations(ORDER, 2)))
def test_comparisons_go_by_the_order_and_not_by_the_letters(better: Verdict, bad: Verdict) -> None:
    assert better < bad
    assert better <= bad
    assert bad > better
    assert bad >= better
    assert not bad < better
    assert not bad <= better
    assert not better > bad
    assert not better >= bad
    assert bad <= bad
    assert bad >= bad


@given(verdicts)
def test_sorting_goes_by_the_order(found: list[Verdict]) -> None:
    assert [ORDER.index(verdict) for verdict in sorted(found)] == sorted(ORDER.index(v) for v in found)


@given(verdicts.filter(bool))
def test_the_worst_is_the_last_in_the_order(found: list[Verdict]) -> None:
    assert worst(found) is ORDER[max(ORDER.index(verdict) for verdict in found)]


@given(verdicts.filter(bool), verdicts.filter(bool))
def test_the_worst_of_two_groups_is_the_worst_of_all(some: list[Verdict], others: list[Verdict]) -> None:
    assert worst([*some, *others]) is worst([worst(some), worst(others)])


def test_where_nothing_was_asked_nothing_is_known() -> None:
    assert worst([]) is Verdict.UNKNOWN


def test_a_verdict_is_stored_and_read_as_its_word() -> None:
    assert msgspec.json.encode(ORDER) == b'["healthy","unknown","degraded","failing"]'
    assert msgspec.json.decode(b'"degraded"', type=Verdict) is Verdict.DEGRADED
