"""Cases with evidence over time: the judge's own, on scrapes drawn by a seeded source of chance."""

from __future__ import annotations

import random

from msgspec.structs import replace

from daemon.core.assessment import Assessment, Verdict
from daemon.core.attribution.cause import Scene
from daemon.core.case.case import Case, Entry, Phase, Status
from daemon.core.judge.detection import SignalView
from daemon.core.judge.verdict import alpha_of, assess
from daemon.core.policy import Policy
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import Side, SignalState, initial_state, update
from tests.unit.web import samples

EVERY = 15
PODS = 3
BASELINE_ROUNDS = 60
BEGAN = samples.START.timestamp()


def watched(
    rate: float,
    *,
    rps: float = 50.0,
    rounds: int = 40,
    usual: float = 0.005,
    bursts: float = 0.0,
    policy: Policy = samples.POLICY,
    seed: int = 7,
) -> Case:
    """The case after the round in which the revision is found failing, or after all of them.

    ``rate`` is the share of the new pods' requests that fail, ``bursts`` the chance that a round of
    the baseline has ten times as many errors as usual.
    """
    states = _begun(policy, usual, bursts, random.Random(seed))
    fresh = random.Random(seed + 1)
    counters = {name: {f"n-{pod}": (0, 0) for pod in range(PODS)} for name in states}
    assessment, at = Assessment(verdict=Verdict.UNKNOWN, reason="nothing yet"), 0
    for index in range(1, rounds + 1):
        at = index * EVERY
        for name, state in states.items():
            now = [
                _scraped(counters[name], pod, BEGAN + at, rps, rate if name == "errors" else 0.001, fresh)
                for pod in list(counters[name])
            ]
            states[name] = update(state, now, lambda _: True, _side)
        views = {name: SignalView(state=state) for name, state in states.items()}
        assessment = assess(Scene(at=BEGAN + at), (), views, policy)
        if assessment.verdict is Verdict.FAILING:
            return samples.case(opened=1.0, status=_failed(assessment, at))
    return samples.case(status=_passed(assessment, at))


def _failed(assessment: Assessment, at: float) -> Status:
    reason = assessment.reason
    return Status(
        phase=Phase.ROLLING_BACK,
        verdict=assessment.verdict,
        reason=f"returning to {samples.revision(7)}: {reason}",
        failing_at=samples.at(at + 0.8),
        target=samples.revision(7),
        assessment=assessment,
        timeline=(
            Entry(at=samples.at(1), phase=Phase.PROGRESSING, text="the image changed"),
            Entry(at=samples.at(at + 0.8), phase=Phase.FAILING, text=reason),
            Entry(
                at=samples.at(at + 0.8),
                phase=Phase.ROLLING_BACK,
                text=f"returning to {samples.revision(7)}: {reason}",
            ),
        ),
    )


def _passed(assessment: Assessment, at: float) -> Status:
    reason = f"watched for 10 min: {assessment.reason}"
    return Status(
        phase=Phase.HEALTHY,
        verdict=assessment.verdict,
        reason=reason,
        proven=assessment.proven,
        finished_at=samples.at(at),
        assessment=assessment,
    )


def cut(case: Case, kept: int) -> Case:
    """With only the newest rounds of each signal's trail."""
    assessment = case.status.assessment
    assert assessment is not None
    signals = tuple(replace(signal, trail=signal.trail[-kept:]) for signal in assessment.signals)
    return replace(case, status=replace(case.status, assessment=replace(assessment, signals=signals)))


def _begun(policy: Policy, usual: float, bursts: float, source: random.Random) -> dict[str, SignalState]:
    states = {}
    for signal in policy.signals:
        counter: dict[str, tuple[int, int]] = {"o-0": (0, 0)}
        history = []
        for index in range(-BASELINE_ROUNDS, 0):
            share = usual * 10 if source.random() < bursts else usual
            at = BEGAN + index * EVERY
            history.append(_scraped(counter, "o-0", at, 50.0, share, source))
        states[signal.name] = initial_state(signal, alpha_of(policy), BEGAN, history, _side)
    return states


def _scraped(
    counters: dict[str, tuple[int, int]],
    pod: str,
    at: float,
    rps: float,
    rate: float,
    source: random.Random,
) -> Sample:
    bad, total = counters[pod]
    requests = round(rps * EVERY / len(counters))
    bad += sum(source.random() < rate for _ in range(requests))
    counters[pod] = (bad, total + requests)
    return Sample(namespace="", pod=pod, at=at, bad=bad, total=total + requests)


def _side(pod: str) -> Side:
    return Side.NEW if pod.startswith("n") else Side.OLD
