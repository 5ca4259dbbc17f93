"""Starts that are learnt: what they allow, what they never allow, and that nothing changes without them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.assessment import Verdict
from daemon.core.judge.detection import SignalView
from daemon.core.judge.recovery import FreshView
from daemon.core.judge.verdict import judge_signal
from daemon.core.signals.startup import Start, learnt, start_of
from daemon.core.statistics.counts import Tally
from tests.unit.core.signal_states import EVERY, POLICY, Scrape, state

REQUESTS = 300.0


def start(*shares: float, seen: float = 1.0, requests: float = REQUESTS) -> Start:
    """One whose scrapes had these shares of bad requests; well after that."""
    rates = [*shares, *([0.0] * (9 - len(shares)))]
    return Start(
        signal="errors",
        every=EVERY,
        seen=seen,
        bad=tuple(rate * requests for rate in rates),
        total=(requests,) * len(rates),
    )


def scrapes(*shares: float) -> list[Scrape]:
    return [(round(share * REQUESTS), REQUESTS) for share in shares]


def decided(new: Sequence[float], starts: Sequence[Start]) -> int | None:
    """The scrape (from 1) at which the evidence is enough; ``None``: at none."""
    for count in range(1, len(new) + 1):
        seen = state(scrapes(*new[:count]), starts=starts)
        if judge_signal(POLICY, SignalView(state=seen)).verdict is Verdict.FAILING:
            return count
    return None


BLIP = start(0.12, 0.07)
CLEAN = start(0.01)
shares = st.lists(st.sampled_from([0.0, 0.01, 0.04, 0.12, 0.3, 1.0]), min_size=1, max_size=8)


@settings(max_examples=30)
@given(new=shares, before=st.lists(st.sampled_from([0.0, 0.01, 0.05]), max_size=3))
def test_predecessors_that_started_well_change_nothing(new: list[float], before: list[float]) -> None:
    assert state(scrapes(*new), starts=[start(share) for share in before]) == state(scrapes(*new))


def test_a_start_like_its_predecessors_is_excused_in_words_and_the_rest_is_proven() -> None:
    new = [0.12, 0.07, *([0.0] * 8)]
    assert decided(new, []) == 1
    assert decided(new, [BLIP] * 3) is None
    found = judge_signal(POLICY, SignalView(state=state(scrapes(*new), starts=[BLIP] * 3)))
    assert (found.verdict, found.proven) == (Verdict.HEALTHY, True)
    assert "in the pods' first 45 s, no worse than the last 3 proven releases'" in found.reason


@pytest.mark.parametrize("history", [[BLIP], [BLIP] * 3, [start(1.0, 1.0, 1.0)], [start(0.4)] * 5])
def test_an_outage_is_decided_at_its_first_scrape_whatever_predecessors_had(history: list[Start]) -> None:
    assert decided([1.0], history) == 1


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
@pytest.mark.parametrize("history", [[BLIP], [BLIP] * 3, [start(0.6)], [start(0.4, 0.1)] * 3])
def test_a_failure_that_goes_on_is_found_with_the_first_scrape_after_the_start(
    share: float, history: list[Start]
) -> None:
    window = learnt(history, POLICY.limit)
    assert window is not None
    found = decided([share] * (len(window.rates) + 1), history)
    assert found is not None
    assert found >= (decided([share] * 9, []) or 0)


def test_worse_predecessors_never_make_a_decision_earlier() -> None:
    for new in ([0.2] * 9, [0.5] * 9, [0.12] * 9, [0.12, 0.0, 0.0, 0.3, 0.3, 0.3, 0.3, 0.3]):
        found = [decided(new, [start(share, share / 2)] * 3) or 99 for share in (0.0, 0.08, 0.12, 0.3, 0.6)]
        assert found == sorted(found)


def test_a_burst_after_a_good_start_is_no_failure_from_the_first_request_on() -> None:
    new = [0.0, 0.0, 0.0, 0.3, *([0.0] * 4)]
    assert decided(new, []) is None
    assert decided(new, [BLIP] * 3) is None


def test_what_one_of_several_did_alone_is_no_licence() -> None:
    for number in range(3):
        history = [CLEAN] * 3
        history[number] = start(0.6, 0.6)
        assert learnt(history, POLICY.limit) is None


def test_a_start_is_learnt_as_it_was_counted() -> None:
    begun = state([(4, 40), (6, 60), (0, 60), *([(0.0, 60.0)] * 9)])
    found = start_of("errors", begun.young)
    assert found is not None
    # Its first scrape saw two thirds of an interval, and is told with the requests of a whole one.
    assert found.every == EVERY
    assert found.seen == pytest.approx(2 / 3, abs=0.001)
    assert found.bad[:3] == (4, 6, 0)
    assert found.total[:3] == (60, 60, 60)


def test_a_recovery_is_shown_by_what_came_after_the_start() -> None:
    view = FreshView(tally=Tally(bad=40, total=700), starting=Tally(bad=36, total=300))
    assert view.settled == Tally(bad=4, total=400)
