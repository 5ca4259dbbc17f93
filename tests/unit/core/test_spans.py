"""A case as spans: whole, in their order, none before it is over, and none that ends after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.spans import RELEASE, spans
from daemon.core.value import Instant
from tests.contract.samples import BEGAN, new_case


def at(seconds: float) -> Instant:
    return BEGAN + timedelta(seconds=seconds)


def step(id_: str, began: float, ended: float | None, outcome: EffectOutcome = EffectOutcome.DONE) -> Effect:
    over = ended is not None
    return Effect(
        id=id_,
        kind="rollback",
        intended_at=at(began),
        finished_at=at(ended) if ended is not None else None,
        outcome=outcome if over else None,
        detail="as it went",
    )


def case_of(**status: object) -> Case:
    return replace(new_case("shop"), status=Status(**status))  # type: ignore[arg-type]


ENDED = case_of(
    phase=Phase.ROLLED_BACK,
    reason="all conditions hold",
    failing_at=at(60),
    patched_at=at(63),
    rolled_out_at=at(70),
    finished_at=at(90),
    effects=(
        step("gates/1", 61, 62),
        step("rollback/1", 62, 63),
        Effect(id="publish/1/closed/log", kind="publish", intended_at=at(90), finished_at=at(91)),
    ),
)


def told(case: Case) -> list[tuple[str, float, float]]:
    return [
        (span.name, (span.began - BEGAN).total_seconds(), (span.ended - BEGAN).total_seconds())
        for span in spans(case)
    ]


def test_a_rollback_has_a_span_for_each_part_of_it() -> None:
    assert told(ENDED) == [
        (RELEASE, 0, 90),
        ("watching", 0, 60),
        ("decision", 60, 61),
        ("gates/1", 61, 62),
        ("rollback/1", 62, 63),
        ("verification", 70, 90),
    ]


def test_there_are_none_before_it_is_over() -> None:
    assert spans(replace(ENDED, status=replace(ENDED.status, finished_at=None))) == ()


def test_a_healthy_release_was_watched_and_nothing_went_wrong() -> None:
    case = case_of(phase=Phase.HEALTHY, reason="well", finished_at=at(300))
    assert told(case) == [(RELEASE, 0, 300), ("watching", 0, 300)]
    assert not any(span.wrong for span in spans(case))


@pytest.mark.parametrize(("phase", "wrong"), [(Phase.ROLLED_BACK, ""), (Phase.UNRECOVERED, "still failing")])
def test_a_verification_went_wrong_where_nothing_was_proven(phase: Phase, wrong: str) -> None:
    case = replace(ENDED, status=replace(ENDED.status, phase=phase, reason="still failing"))
    [verification] = [span for span in spans(case) if span.name == "verification"]
    assert verification.wrong == wrong


def test_a_step_that_was_refused_went_wrong() -> None:
    effects = (step("rollback/1", 61, 62, EffectOutcome.REFUSED),)
    case = replace(ENDED, status=replace(ENDED.status, effects=effects))
    [refused] = [span for span in spans(case) if span.name == "rollback/1"]
    assert refused.wrong == "as it went"


moments = st.integers(min_value=-50, max_value=200).map(at)


@given(
    st.sampled_from(Phase),
    st.one_of(st.none(), moments),
    st.one_of(st.none(), moments),
    st.lists(st.tuples(st.integers(0, 200), st.one_of(st.none(), st.integers(0, 200))), max_size=4),
    st.integers(min_value=0, max_value=200).map(at),
)
def test_whatever_the_clock_did_they_have_names_of_their_own_and_end_with_the_case(
    phase: Phase,
    failing: Instant | None,
    patched: Instant | None,
    steps: list[tuple[int, int | None]],
    finished: Instant,
) -> None:
    effects = tuple(step(f"rollback/{n}", began, ended) for n, (began, ended) in enumerate(steps))
    found = spans(
        case_of(phase=phase, failing_at=failing, patched_at=patched, finished_at=finished, effects=effects)
    )
    names = [span.name for span in found]
    assert len(names) == len(set(names))
    assert names[0] == RELEASE
    assert all(span.began <= span.ended <= finished for span in found)
