"""The judge's verdicts on one signal, and how they come together."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.core.assessment import Assessment, Attribution, Verdict
from daemon.core.attribution.cause import Scene
from daemon.core.attribution.failure import Failure
from daemon.core.judge.confirmation import awaited
from daemon.core.judge.detection import SignalView
from daemon.core.judge.reason import ReasonKind
from daemon.core.judge.verdict import assess, judge_signal, proven
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.state import SignalState
from tests.unit.core.signal_states import POLICY, Scrape, drawn, state, steady


def verdict(
    new: Sequence[Scrape], *, policy: SignalPolicy = POLICY, problem: str = "", **kind: object
) -> Verdict:
    seen = state(new, policy=policy, **kind)  # type: ignore[arg-type]
    return judge_signal(policy, SignalView(state=seen, problem=problem)).verdict


def laid(new: Sequence[Scrape], **kind: object) -> Assessment:
    """The assessment of this one signal."""
    seen = state(new, **kind)  # type: ignore[arg-type]
    return assess(Scene(), (), {POLICY.name: SignalView(state=seen)}, Policy(signals=(POLICY,)))


def policy(**fields: object) -> SignalPolicy:
    return msgspec.structs.replace(POLICY, **fields)


@pytest.mark.parametrize(
    ("bad", "total", "expected"),
    [
        (15, 75, Verdict.FAILING),
        (750, 750, Verdict.FAILING),
        (7, 7, Verdict.FAILING),
        (1, 1, Verdict.HEALTHY),
        (1, 75, Verdict.HEALTHY),
        (0, 0, Verdict.UNKNOWN),
        (120, 4000, Verdict.DEGRADED),
    ],
)
def test_one_scrape_against_a_limit_of_5_and_a_baseline_of_1_percent(
    bad: int, total: int, expected: Verdict
) -> None:
    assert verdict([(bad, total)]) is expected


def test_a_mild_excess_in_the_first_scrape_waits_for_a_second() -> None:
    mild = (135, 1500)
    assert verdict([mild]) is Verdict.DEGRADED
    assert verdict([mild, mild]) is Verdict.FAILING
    assert verdict([mild, (15, 1500)]) is not Verdict.FAILING


def test_what_the_baseline_does_as_well_is_not_the_release() -> None:
    assert verdict([(40, 200)] * 3, before=steady(0.2, 75.0)) is not Verdict.FAILING


def test_over_a_sick_baseline_only_the_comparison_counts() -> None:
    assert verdict([(150, 300)] * 2, before=steady(0.1, 75.0)) is Verdict.FAILING


def test_without_a_baseline_the_limit_alone_must_be_strict() -> None:
    assert verdict([(3, 4)], before=()) is not Verdict.FAILING
    assert verdict([(30, 100)], before=()) is Verdict.FAILING


def test_a_required_baseline_that_is_missing_is_unknown() -> None:
    assert verdict([(30, 100)], policy=policy(baseline="require"), before=()) is Verdict.UNKNOWN


def test_a_history_that_is_not_read_yet_is_unknown() -> None:
    found = judge_signal(POLICY, SignalView(problem="Prometheus answers 503"))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "Prometheus answers 503")


def test_trouble_with_reading_is_never_health_and_never_hides_a_failure() -> None:
    assert verdict([(0, 1000)], problem="Prometheus answers 503") is Verdict.UNKNOWN
    assert verdict([(500, 1000)], problem="Prometheus answers 503") is Verdict.FAILING


def test_a_release_is_not_convicted_of_what_its_predecessor_did() -> None:
    """Bursts of half a minute at 30 %, every five minutes, in the baseline and after it."""
    burst = [(225.0, 750.0), (225.0, 750.0), *([(7.0, 750.0)] * 18)]
    assert verdict(burst * 2, before=burst * 6) is not Verdict.FAILING
    assert verdict([(225, 750)] * 12, before=burst * 6) is Verdict.FAILING


def test_a_failure_that_ends_by_itself_is_not_punished() -> None:
    """Two bad rounds in the middle of a good watch, at any strength, and wherever the scrapes meet them."""
    new = [(7, 750)] * 12
    for bad in (200, 400, 750):
        for rounds in (1, 2):
            story = [*new, *([(bad, 750)] * rounds), *new]
            assert not any(verdict(story[:end]) is Verdict.FAILING for end in range(1, len(story) + 1)), (
                bad,
                rounds,
            )


def test_the_warm_up_excuses_slowness_and_no_outage() -> None:
    warm = policy(warmup=60.0)
    cold = [(20.0, 75.0)] * 3 + [(0.0, 75.0)] * 10
    assert verdict(cold[:3]) is Verdict.FAILING
    assert all(verdict(cold[:end], policy=warm) is not Verdict.FAILING for end in range(1, len(cold)))
    assert verdict([(74, 75)], policy=warm) is Verdict.FAILING
    assert verdict([(20, 75)] * 8, policy=warm) is Verdict.FAILING


@pytest.mark.parametrize(
    ("beside", "cause"),
    [
        ([(60.0, 750.0)] * 7, Attribution.INFRASTRUCTURE),
        ([(7.0, 750.0)] * 7, Attribution.DEPLOYMENT),
    ],
)
def test_a_service_that_fails_as_a_whole_is_failing_and_not_by_the_release(
    beside: list[Scrape], cause: Attribution
) -> None:
    """It is at 8 % since the rollout began: the new pods' 9 % is not theirs alone."""
    found = laid([(68, 750)] * 6, before=steady(0.01, 1500.0), beside=beside)
    assert (found.verdict, found.attribution) == (Verdict.FAILING, cause)


def test_what_failed_before_the_rollout_and_still_does_is_no_health() -> None:
    """However short the incident was before the rollout, and however uneven it made the baseline."""
    for bad_rounds in (1, 2, 4, 8, 20):
        before = [*steady(0.01, 750.0, 120 - bad_rounds), *([(375.0, 750.0)] * bad_rounds)]
        found = laid([(375, 750)] * 12, before=before)
        assert found.verdict is Verdict.FAILING, bad_rounds
        assert found.attribution is Attribution.INFRASTRUCTURE, bad_rounds


def test_what_is_over_the_limit_as_it_was_before_is_said() -> None:
    found = laid([(60, 750)] * 12, before=steady(0.08, 750.0))
    assert found.verdict is Verdict.DEGRADED
    assert "over the limit, as it was before" in found.reason


def test_a_few_errors_of_the_last_old_pods_do_not_blind_the_judge() -> None:
    """Their 3 of 22 are more than before, and no valid baseline for all that comes after them."""
    few = laid([(150, 750)] * 4, before=steady(0.01, 750.0), beside=[(3.0, 22.0)])
    assert few.attribution is Attribution.DEPLOYMENT


def test_the_old_pods_next_scrape_is_waited_for() -> None:
    """They serve beside the new ones, and the scrape that covers the failure has not come yet."""
    found = judge_signal(POLICY, SignalView(state=state([(40, 75)], beside=[(1.0, 75.0)])))
    assert found.verdict is Verdict.DEGRADED
    assert "waited for" in found.reason


def test_proof_needs_traffic_and_a_good_end() -> None:
    assert not proven(state([(0, 10)]))
    assert proven(state([(5, 500)]))
    assert not proven(state([(5, 500)] * 6 + [(300, 500)]))


def test_what_the_buckets_leave_open_is_neither_failure_nor_proof() -> None:
    open_ended = state([(0, 75)] * 6)
    unclear = msgspec.structs.replace(
        open_ended, new=msgspec.structs.replace(open_ended.new, bad=0.0, unclear=200.0)
    )
    found = judge_signal(POLICY, SignalView(state=unclear))
    assert found.verdict is Verdict.UNKNOWN
    assert "buckets leave open" in found.reason
    assert not proven(unclear)


numbers = st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda t: (float(min(t)), float(max(t))))
scrapes = st.lists(numbers, max_size=8)


@given(scrapes, scrapes, scrapes, st.floats(0.001, 0.9), st.floats(0, 300))
def test_every_input_gets_one_answer_with_a_reason(
    new: list[Scrape], before: list[Scrape], beside: list[Scrape], limit: float, warmup: float
) -> None:
    kind = policy(limit=limit, warmup=warmup)
    found = judge_signal(kind, SignalView(state=state(new, before=before, beside=beside, policy=kind)))
    assert found.reason
    assert not (found.proven and found.verdict is not Verdict.HEALTHY)


@given(st.lists(numbers, min_size=1, max_size=5), scrapes, st.data())
def test_more_errors_never_make_it_better(
    new: list[Scrape], before: list[Scrape], data: st.DataObject
) -> None:
    """The evidence only grows, and with it the verdict.

    One exception is meant (``awaited``): a failure is not convicted while it may have passed or may pass. The
    same newest scrapes look well beside a worse one before them, so ten errors more may mean one look more.
    """
    place = data.draw(st.integers(0, len(new) - 1))
    assume(new[place][1] > 0)
    worse = list(new)
    worse[place] = (new[place][0] + 10, new[place][1] + 10)
    one, other = state(new, before=before), state(worse, before=before)
    assert other.over_limit >= one.over_limit - 1e-9
    assert other.over_baseline >= one.over_baseline - 1e-9
    was, then = (verdict(story, before=before) for story in (new, worse))
    if then < was:
        assert was is Verdict.FAILING
        assert then is Verdict.DEGRADED
        assert awaited(Failure(other))


def test_what_looks_well_again_beside_a_worse_scrape_is_looked_at_once_more() -> None:
    """The one way in which more errors make a verdict milder, for a look."""
    new: list[Scrape] = [(250, 2277), (278, 1462), (87, 2655), (65, 185), (26, 1168)]
    worse: list[Scrape] = [new[0], (288, 1472), *new[2:]]
    assert verdict(new, before=()) is Verdict.FAILING
    assert verdict(worse, before=()) is Verdict.DEGRADED
    assert awaited(Failure(state(worse, before=()))) is ReasonKind.WELL_AGAIN


def assessed(seen: SignalState) -> tuple[Verdict, Attribution]:
    found = assess(Scene(), (), {"errors": SignalView(state=seen)}, Policy(signals=(POLICY,)))
    return found.verdict, found.attribution


def test_old_pods_tell_the_deployment_from_the_infrastructure() -> None:
    failing = [(15.0, 75.0)] * 3
    assert assessed(state(failing)) == (Verdict.FAILING, Attribution.DEPLOYMENT)
    assert assessed(state(failing, beside=[(1.0, 75.0)] * 5)) == (Verdict.FAILING, Attribution.DEPLOYMENT)
    alike = assessed(state(failing, beside=[(16.0, 75.0)] * 5))
    assert alike == (Verdict.FAILING, Attribution.INFRASTRUCTURE)


def test_no_signal_proves_nothing() -> None:
    found = assess(Scene(), (), {}, Policy())
    assert found.verdict is Verdict.UNKNOWN
    assert not found.proven


def test_healthy_releases_stay_healthy_at_every_look() -> None:
    """150 watches of 40 scrapes that changed nothing: at 1 % a watch, five false alarms or more come once in
    55 draws of this test (binomial); the rule "over the limit in one minute" convicts a third of them."""
    source = random.Random(11)
    convicted = 0
    for _ in range(150):
        before, after = drawn(0.01, 8, 120, source), drawn(0.01, 8, 40, source)
        convicted += any(
            judge_signal(POLICY, SignalView(state=seen)).verdict is Verdict.FAILING
            for seen in (state(after[:end], before=before) for end in (1, 2, 3, 5, 8, 13, 21, 40))
        )
    assert convicted < 5
