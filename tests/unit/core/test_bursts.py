"""A failure that passes by itself is waited for; one that lasts is not."""

from __future__ import annotations

import random

import pytest

from daemon.core.assessment import Verdict
from daemon.core.judge.confirmation import confirm_signal
from daemon.core.judge.detection import SignalView, detect_signal
from daemon.core.judge.reason import Reason, ReasonKind
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import SignalState, initial_state, update
from daemon.core.thresholds import BURST
from tests.unit.core.signal_states import ALPHA, EVERY, POLICY, START, Scrape, counted, side, state, steady

OLD = counted("o-1", steady(0.005, 75.0), START - EVERY * 120 + 1, from_zero=False)


def scraped(
    pod: str, phase: float, traffic: float, failing: tuple[float, float], rate: float
) -> list[Sample]:
    """A new pod's counters, with the share ``rate`` of the requests bad in this span (seconds)."""
    samples, low, high = [], *failing
    for number in range(1, 31):
        at = number * EVERY - phase
        hit = max(0.0, min(at, high) - low)
        bad = 0.004 * traffic * at + rate * traffic * hit
        samples.append(Sample(namespace="", pod=pod, at=START + at, bad=float(int(bad)), total=traffic * at))
    return samples


def reason_of(seen: SignalState) -> Reason:
    signal, _ = confirm_signal(detect_signal(POLICY, SignalView(state=seen)))
    return signal.reason


def looks(pods: list[list[Sample]]) -> list[tuple[float, Reason]]:
    """What is said after each scrape."""
    seen: SignalState = initial_state(POLICY, ALPHA, START, OLD, side)
    said = []
    for sample in sorted((sample for pod in pods for sample in pod), key=lambda sample: sample.at):
        seen = update(seen, [sample], lambda _: True, side)
        said.append((sample.at - START, reason_of(seen)))
    return said


def failing_at(pods: list[list[Sample]]) -> float | None:
    return next((at for at, reason in looks(pods) if reason.kind is ReasonKind.FAILING), None)


@pytest.mark.parametrize("traffic", [0.4, 2.0, 20.0, 300.0])
@pytest.mark.parametrize("rate", [0.3, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_burst_after_a_good_start_never_decides(traffic: float, rate: float, seed: int) -> None:
    source = random.Random(seed)
    phases = [source.uniform(0, EVERY) for _ in range(source.randint(1, 4))]
    at = source.uniform(60, 300)
    pods = [
        scraped(f"n-{number}", phase, traffic, (at, at + BURST), rate) for number, phase in enumerate(phases)
    ]
    assert failing_at(pods) is None


@pytest.mark.parametrize("traffic", [2.0, 20.0, 300.0])
@pytest.mark.parametrize("seed", range(6))
def test_what_lasts_is_decided_within_three_intervals_more(traffic: float, seed: int) -> None:
    source = random.Random(seed)
    phases = [source.uniform(0, EVERY) for _ in range(source.randint(1, 4))]
    at = source.uniform(60, 300)
    pods = [scraped(f"n-{number}", phase, traffic, (at, 1e9), 0.6) for number, phase in enumerate(phases)]
    found = failing_at(pods)
    assert found is not None
    assert at < found <= at + BURST + 3 * EVERY


def test_what_is_well_again_is_not_convicted_later() -> None:
    """Even where the evidence of the bad time stays: few requests take long to outweigh it."""
    new: list[Scrape] = [*([(0.0, 8.0)] * 6), *([(8.0, 8.0)] * 3), *([(0.0, 8.0)] * 10)]
    kinds = {reason_of(state(new[:end])).kind for end in range(1, len(new) + 1)}
    assert ReasonKind.FAILING not in kinds
    assert ReasonKind.WELL_AGAIN in kinds


def test_a_failure_from_the_first_request_on_is_not_waited_for() -> None:
    assert failing_at([scraped("n-1", 0.0, 20.0, (0.0, 1e9), 0.3)]) == EVERY


def test_the_reason_says_what_is_waited_for() -> None:
    """Where the pods' scrapes lie so that a burst shows in four rounds, the evidence alone would do."""
    phases, starts = (0.0, 4.0, 8.0, 12.0), range(200, 215)
    reasons = [
        reason
        for start in starts
        for _, reason in looks([scraped(f"n-{phase}", phase, 50.0, (start, 1e9), 0.9) for phase in phases])
        if reason.kind is ReasonKind.MAY_PASS
    ]
    assert reasons
    assert all(reason.kind.verdict is Verdict.DEGRADED for reason in reasons)
    assert all(str(reason).endswith("a burst of 30 s may pass") for reason in reasons)
