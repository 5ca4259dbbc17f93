"""Rollouts are told from pods that come and go, whatever the order in which they are seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.policy import Policy
from daemon.engine.backtest.lineage import LONGEST, SLACK, Lineage, Return, lineage
from daemon.engine.backtest.pod_lifetimes import (
    GAP,
    PodLifetimes,
    Span,
    joined,
    pod_pattern,
    revision_of,
    told_apart,
)

STEP = 60.0
A, B, C = "6d5f8c9b4d", "7c9f465b8d", "58d4c7b6f9"
POLICY = Policy(watch=600.0, baseline_window=1800.0)
END = 40_000.0


def pods(*spans: tuple[str, str, float, float]) -> dict[str, tuple[Span, ...]]:
    """Of (revision, suffix, first, last)."""
    made: dict[str, tuple[Span, ...]] = {}
    for revision, suffix, first, last in spans:
        name = f"heat-{revision}-{suffix}"
        made[name] = (*made.get(name, ()), (first, last))
    return made


def told(seen: Mapping[str, tuple[Span, ...]], until: float = END, policy: Policy = POLICY) -> Lineage:
    found = lineage("heat", seen, policy, step=STEP, until=until)
    assert found is not None
    return found


def rollouts(found: Lineage) -> list[tuple[float, str, str]]:
    return [(plan.seen_at, plan.before, plan.revision) for plan in found.plans]


class TestNames:
    @pytest.mark.parametrize(
        ("pod", "revision"),
        [
            ("heat-6d5f8c9b4d-xk7zq", "6d5f8c9b4d"),
            ("heat-64747-xk7zq", "64747"),
            ("heat-reclaim-6d5f8c9b4d-xk7zq", None),
            ("heat-agent-xk7zq", None),
            ("heat-db-xk7zq", None),
            ("heat-0", None),
            ("heat-6d5f8c9b4d-abcde", None),
            ("other-6d5f8c9b4d-xk7zq", None),
            ("heat", None),
            ("", None),
        ],
    )
    def test_the_hash_is_read_from_the_name(self, pod: str, revision: str | None) -> None:
        assert revision_of("heat", pod) == revision

    @pytest.mark.parametrize("length", range(1, 57))
    def test_of_a_long_name_what_is_left_of_it(self, length: int) -> None:
        name = "d" * length
        pod = f"{name}-{A}-"[:58] + "xk7zq"
        assert revision_of(name, pod) == A[: 57 - length]
        assert told_apart(name)

    def test_of_a_longer_one_nothing_is_left(self) -> None:
        assert not told_apart("d" * 57)
        assert revision_of("d" * 57, "d" * 57 + "-" + "xk7zq") is None

    def test_the_pattern_matches_what_is_read(self) -> None:
        import re

        for name in ("heat", "heat.eu", "d" * 52):
            pattern = pod_pattern(name)
            assert re.fullmatch(pattern, f"{name}-{A}-"[:58] + "xk7zq")
            assert not re.fullmatch(pattern, f"{name}-web-{A}-xk7zq")
        assert not re.fullmatch(pod_pattern("heat.eu"), f"heatxeu-{A}-xk7zq")


class TestRollouts:
    def test_the_first_pods_of_another_hash_are_one(self) -> None:
        found = told(pods((A, "bbbbb", 0, 10_060), (B, "bbbbb", 10_000, END), (B, "ccccc", 10_060, END)))
        assert (found.first, found.data_from) == (A, 0)
        assert rollouts(found) == [(10_000, A, B)]
        plan = found.plans[0]
        assert (plan.since, plan.watch_end, plan.end) == (9_940, 10_660, 10_660 + SLACK)
        assert (plan.superseded_at, plan.returned, plan.gap_from, plan.unfinished) == (
            None,
            None,
            None,
            False,
        )
        assert plan.pods == 3

    def test_replaced_and_added_pods_are_none(self) -> None:
        found = told(pods((A, "bbbbb", 0, 9_000), (A, "ccccc", 8_940, END), (A, "ddddd", 20_000, 30_000)))
        assert rollouts(found) == []

    def test_nor_a_workload_that_slept(self) -> None:
        assert rollouts(told(pods((A, "bbbbb", 0, 9_000), (A, "ccccc", 30_000, END)))) == []

    def test_nor_an_old_pod_that_is_replaced_during_a_rollout(self) -> None:
        found = told(
            pods(
                (A, "bbbbb", 0, 10_060),
                (A, "ccccc", 0, 10_600),
                (B, "bbbbb", 10_000, END),
                (A, "ddddd", 10_120, 10_700),
            )
        )
        assert rollouts(found) == [(10_000, A, B)]

    def test_a_return_is_one(self) -> None:
        found = told(
            pods(
                (A, "bbbbb", 0, 10_060),
                (B, "bbbbb", 10_000, 10_900),
                (A, "ccccc", 10_840, END),
            )
        )
        assert rollouts(found) == [(10_000, A, B), (10_840, B, A)]
        first = found.plans[0]
        assert first.returned == Return(revision=A, after=840.0)
        assert first.superseded_at is None, "the watch of ten minutes was over by then"

    def test_a_return_while_old_pods_are_left_is_one(self) -> None:
        found = told(
            pods(
                (A, "bbbbb", 0, 10_060),
                (A, "ccccc", 0, END),
                (B, "bbbbb", 10_000, 10_300),
                (A, "ddddd", 10_240, END),
            )
        )
        assert rollouts(found) == [(10_000, A, B), (10_240, B, A)]
        first = found.plans[0]
        assert (first.superseded_at, first.watch_end) == (10_240, 10_180)

    def test_a_return_that_made_no_pod_ends_the_watch_and_needs_none_itself(self) -> None:
        found = told(pods((A, "bbbbb", 0, END), (B, "bbbbb", 10_000, 10_300), (C, "bbbbb", 30_000, END)))
        assert rollouts(found) == [(10_000, A, B), (30_000, A, C)]
        first = found.plans[0]
        assert first.returned == Return(revision=A, after=300.0)
        assert (first.superseded_at, first.end) == (10_300, 10_300)

    def test_the_same_revision_twice(self) -> None:
        found = told(
            pods(
                (A, "bbbbb", 0, 10_060),
                (B, "bbbbb", 10_000, 12_000),
                (A, "ccccc", 12_000, 20_000),
                (B, "ccccc", 20_000, END),
            )
        )
        assert rollouts(found) == [(10_000, A, B), (12_000, B, A), (20_000, A, B)]

    def test_an_earlier_reign_of_the_same_revision_is_not_left_again(self) -> None:
        seen = pods((A, "bbbbb", 0, 120), (A, "ccccc", 480, 480), (B, "bbbbb", 0, 0), (B, "ccccc", 480, 480))
        for plan in told(seen).plans:
            assert plan.since < plan.seen_at <= plan.end

    def test_a_third_revision_is_no_return(self) -> None:
        found = told(pods((A, "bbbbb", 0, 10_000), (B, "bbbbb", 10_000, 10_300), (C, "bbbbb", 10_240, END)))
        assert [plan.returned for plan in found.plans] == [None, None]
        assert found.plans[0].superseded_at == 10_240

    def test_nor_is_what_came_days_later(self) -> None:
        day = 86_400.0
        seen = pods((A, "bbbbb", 0, 900), (B, "bbbbb", 900, 3 * day), (A, "ccccc", 3 * day, 4 * day))
        assert [plan.returned for plan in told(seen, 4 * day).plans] == [None, None]

    def test_a_rollout_under_way_at_the_beginning_is_not_judged(self) -> None:
        found = told(pods((A, "bbbbb", 0, 300), (B, "bbbbb", 0, END), (B, "ccccc", 120, END)))
        assert (found.first, rollouts(found)) == (B, [])

    def test_a_watch_that_is_not_over(self) -> None:
        found = told(pods((A, "bbbbb", 0, 39_760), (B, "bbbbb", 39_700, END)))
        assert found.plans[0].unfinished
        assert found.plans[0].end == END

    def test_a_gap_before_it(self) -> None:
        found = told(pods((A, "bbbbb", 0, 10_000), (B, "bbbbb", 12_000, END)))
        assert found.plans[0].gap_from == 10_000

    def test_two_revisions_side_by_side_for_days_are_read_for_hours(self) -> None:
        until = 20 * 86_400.0
        seen = pods((A, "bbbbb", 0, until), (B, "bbbbb", 10_000, until))
        assert told(seen, until).plans[0].watch_end == 10_000 + LONGEST + POLICY.watch

    def test_pods_of_others_alone_are_nothing(self) -> None:
        seen = {"heat-web-6d5f8c9b4d-xk7zq": ((0.0, END),)}
        assert lineage("heat", seen, POLICY, step=STEP, until=END) is None


times = st.integers(0, 600).map(lambda minute: minute * STEP)
lives = st.tuples(st.sampled_from([A, B, C]), st.integers(0, 5), times, times).map(
    lambda life: (life[0], "bcdfgh"[life[1]] * 5, min(life[2:]), max(life[2:]))
)


class TestAnyStory:
    @given(st.lists(lives, min_size=1, max_size=12))
    def test_it_is_told_without_contradiction(self, story: list[tuple[str, str, float, float]]) -> None:
        seen = {pod: tuple(joined(spans)) for pod, spans in pods(*story).items()}
        found = told(seen, 600 * STEP)
        before = found.first
        for plan in found.plans:
            assert plan.revision != plan.before
            assert plan.since < plan.seen_at <= plan.end
            assert plan.watch_end <= plan.end <= 600 * STEP
            births = [spans[0][0] for pod, spans in seen.items() if revision_of("heat", pod) == plan.revision]
            assert plan.seen_at in births, "a rollout begins with a pod that was never seen before"
        starts = [plan.seen_at for plan in found.plans]
        assert starts == sorted(starts)
        assert before in (A, B, C)

    @given(st.lists(st.tuples(times, times).map(lambda pair: (min(pair), max(pair)))))
    def test_spans_are_joined_in_any_pieces(self, spans: list[Span]) -> None:
        whole = joined(spans)
        assert joined(reversed(spans)) == whole
        assert all(late[0] - early[1] > GAP for early, late in itertools.pairwise(whole))
        assert all(any(a <= first and last <= b for a, b in whole) for first, last in spans)

    @given(st.sets(times, min_size=1), st.integers(1, 4))
    def test_sightings_are_the_same_in_any_pieces(self, seen: set[float], count: int) -> None:
        ordered = sorted(seen)
        whole, pieces = PodLifetimes(), PodLifetimes()
        whole.add({"p": ordered})
        size = max(1, len(ordered) // count)
        for begin in range(0, len(ordered), size):
            pieces = PodLifetimes(pieces.spans)
            pieces.add({"p": ordered[begin : begin + size]})
        assert pieces.spans == whole.spans
