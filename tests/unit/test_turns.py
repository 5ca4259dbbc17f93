"""Turns: each workload's, one after the other, and nobody's lost."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import WorkloadRef
from daemon.engine.turns import Turns

REFS = [WorkloadRef(namespace="shop", name=f"w{number}") for number in range(40)]


def test_a_fleet_that_asks_at_once_is_served_one_by_one_and_whole() -> None:
    turns, now, served = Turns(every=5.0, apart=0.03), 100.0, []
    asked = [(turns.wait(ref, now), ref) for ref in REFS]
    served += [(now, ref) for wait, ref in asked if wait == 0]
    for wait, ref in sorted((wait, ref) for wait, ref in asked if wait):
        assert turns.wait(ref, now + wait) == 0, "what was promised is kept"
        served.append((now + wait, ref))
    times = [at for at, _ in served]
    assert sorted(ref for _, ref in served) == sorted(REFS)
    assert all(later - earlier >= 0.029 for earlier, later in pairwise(times))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 3)), max_size=60))
def test_no_workload_has_two_turns_within_its_time(calls: list[tuple[int, float]]) -> None:
    turns, now = Turns(every=5.0, apart=0.03), 0.0
    last: dict[int, float] = {}
    for which, step in calls:
        now += step
        if turns.wait(REFS[which], now) == 0:
            assert now - last.get(which, -math.inf) >= 5.0
            last[which] = now


def test_one_that_is_forgotten_begins_anew() -> None:
    turns = Turns(every=5.0, apart=0.0)
    assert turns.wait(REFS[0], 1.0) == 0
    assert turns.wait(REFS[0], 2.0) == math.inf
    turns.forget(REFS[0])
    assert turns.wait(REFS[0], 2.0) == 0
