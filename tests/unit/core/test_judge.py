"""The judge's verdicts on one signal, and how they come together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.attribution import shares
from daemon.core.case import Verdict
from daemon.core.counters import Tally
from daemon.core.judge import SignalView, judge_signal
from daemon.core.model import SignalPolicy

POLICY = SignalPolicy(name="errors", title="error rate", limit=0.05)
ALPHA = 0.005
USUAL = Tally(bad=90, total=9000, scrapes=100)


def verdict(new: Tally, *, policy: SignalPolicy = POLICY, **view: object) -> Verdict:
    seen = SignalView(new=new, **({"baseline": USUAL} | view))  # type: ignore[arg-type]
    return judge_signal(policy, seen, ALPHA).verdict


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
def test_against_a_limit_of_5_and_a_baseline_of_1_percent(bad: int, total: int, expected: Verdict) -> None:
    assert verdict(Tally(bad=bad, total=total, scrapes=3)) is expected


def test_what_the_baseline_does_as_well_is_not_the_release() -> None:
    sick = Tally(bad=1800, total=9000, scrapes=100)
    assert verdict(Tally(bad=40, total=200), baseline=sick) is not Verdict.FAILING


def test_over_a_sick_baseline_only_the_comparison_counts() -> None:
    sick = Tally(bad=900, total=9000, scrapes=100)
    assert verdict(Tally(bad=150, total=300), baseline=sick) is Verdict.FAILING


def test_without_a_baseline_the_limit_alone_must_be_strict() -> None:
    nothing = Tally()
    assert verdict(Tally(bad=3, total=4), baseline=nothing) is not Verdict.FAILING
    assert verdict(Tally(bad=30, total=100), baseline=nothing) is Verdict.FAILING


def test_a_required_baseline_that_is_missing_is_unknown() -> None:
    strict = SignalPolicy(name="errors", title="error rate", limit=0.05, baseline="require")
    assert verdict(Tally(bad=30, total=100), policy=strict, baseline=Tally()) is Verdict.UNKNOWN


def test_a_history_that_is_not_read_yet_is_unknown() -> None:
    assert verdict(Tally(bad=30, total=100), baseline=None) is Verdict.UNKNOWN


def test_trouble_with_reading_is_never_health() -> None:
    assert verdict(Tally(bad=0, total=1000), problem="Prometheus answers 503") is Verdict.UNKNOWN


def test_bursty_baselines_ask_for_more() -> None:
    new = Tally(bad=12, total=75)
    assert verdict(new) is Verdict.FAILING
    assert verdict(new, dispersion=6.0) is not Verdict.FAILING


def test_proof_needs_traffic() -> None:
    few = judge_signal(POLICY, SignalView(new=Tally(bad=0, total=10), baseline=USUAL), ALPHA)
    many = judge_signal(POLICY, SignalView(new=Tally(bad=5, total=500), baseline=USUAL), ALPHA)
    assert (few.verdict, few.proven) == (Verdict.HEALTHY, False)
    assert (many.verdict, many.proven) == (Verdict.HEALTHY, True)


counts = st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(
    lambda t: Tally(bad=min(t), total=max(t), scrapes=1)
)


@given(counts, counts, st.none() | counts, st.floats(0.001, 0.9), st.floats(1.0, 20.0))
def test_every_input_gets_one_answer_with_a_reason(
    new: Tally, old: Tally, baseline: Tally | None, limit: float, spread: float
) -> None:
    policy = SignalPolicy(name="errors", title="error rate", limit=limit)
    found = judge_signal(policy, SignalView(new=new, old=old, baseline=baseline, dispersion=spread), ALPHA)
    assert found.reason
    assert not (found.proven and found.verdict is not Verdict.HEALTHY)


@given(counts, counts)
def test_more_errors_never_make_it_better(new: Tally, baseline: Tally) -> None:
    worse = Tally(bad=new.bad + 10, total=new.total + 10, scrapes=1)
    if verdict(new, baseline=baseline) is Verdict.FAILING:
        assert verdict(worse, baseline=baseline) is Verdict.FAILING


def test_old_pods_tell_the_deployment_from_the_infrastructure() -> None:
    failing, fine, usual = Tally(bad=15, total=75), Tally(bad=1, total=100), Tally(bad=90, total=9000)
    assert not shares(failing, fine, usual)
    assert shares(failing, Tally(bad=20, total=100), usual)
    assert not shares(failing, Tally(), usual)
