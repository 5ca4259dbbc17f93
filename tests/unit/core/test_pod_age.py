"""A failure that follows each new pod's own age is the release's; one at a single moment may be anybody's."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.attribution.cause import Scene, attribute
from daemon.core.attribution.failure import Failure
from daemon.core.attribution.finding import Witness
from daemon.core.attribution.pod_age import Ageing, ageing
from daemon.core.signals.counters import Step
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import SignalState, initial_state, update
from daemon.core.statistics.change_point import Onset
from tests.unit.core.signal_states import ALPHA, EVERY, POLICY, START, Scrape, counted, side, steady

STARTS = (2.0, 22.0, 42.0)
"""Seconds from the rollout's start at which the new pods begin."""
END = 150.0

FailsFrom = Callable[[float], float]
"""A pod's start → the moment from which it fails, both in seconds from the rollout's start."""


def pod(
    start: float, phase: float, fails_from: float, per_second: float, source: random.Random
) -> list[Scrape]:
    scrapes, since, at = [], start, start + phase
    while at <= END:
        requests = round(per_second * (at - since))
        hit = min(1.0, max(0.0, (at - fails_from) / (at - since)))
        bad = sum(source.random() < 0.005 + 0.195 * hit for _ in range(requests))
        scrapes.append((float(bad), float(requests)))
        since, at = at, at + EVERY
    return scrapes


def rollout(fails_from: FailsFrom, per_second: float = 7.0, seed: int = 1) -> SignalState:
    """Three new pods one after the other; each old one is scraped for the last time when they begin."""
    source = random.Random(seed)
    samples: list[Sample] = []
    for number, start in enumerate(STARTS):
        phase = source.uniform(1.0, EVERY)
        scrapes = pod(start, phase, fails_from(start), per_second, source)
        samples += counted(f"n-{number}", scrapes, START + start + phase, from_zero=True)
    usual = steady(0.005, 300.0)
    history = counted("o-1", usual, START - EVERY * len(usual), from_zero=False)
    state = initial_state(POLICY, ALPHA, START, history, side)
    for at in sorted({sample.at for sample in samples}):
        state = update(state, [s for s in samples if s.at == at], lambda _: True, side)
    return state


def told(state: SignalState) -> Ageing:
    failure = Failure(state)
    assert failure.onset is not None
    found = ageing(state, failure.onset)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("after", [20.0, 35.0, 50.0])
def test_a_failure_at_one_age_is_told_from_one_at_one_moment(after: float, seed: int) -> None:
    found = told(rollout(lambda start: start + after, seed=seed))
    assert found.gain > 10
    assert found.low - 5 <= after <= found.high + 5
    assert found.high - found.low <= 15


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("at", [30.0, 45.0, 60.0])
def test_and_the_other_way_round(at: float, seed: int) -> None:
    assert told(rollout(lambda _: at, seed=seed)).gain < -2


@pytest.mark.parametrize("seed", range(10))
def test_pods_that_are_hit_a_second_apart_were_hit_at_one_moment(seed: int) -> None:
    """At seven hundred requests a second of each pod, where a second has many errors."""
    assert told(rollout(lambda start: 55.0 + start / 42, per_second=700.0, seed=seed)).gain < 0


def test_it_clears_the_old_pods_that_nobody_saw_and_says_so() -> None:
    found = attribute([Failure(rollout(lambda start: start + 30.0))], (), Scene())
    assert found.witness is Witness.RELEASE
    assert "s after its own start" in found.reason
    found = attribute([Failure(rollout(lambda _: 100.0))], (), Scene())
    assert "s after its own start" not in found.reason


def test_one_pod_alone_tells_nothing() -> None:
    state = rollout(lambda start: start + 30.0)
    failure = Failure(state)
    assert failure.onset is not None
    alone = [step for step in state.new_steps if step.pod == "n-0"]
    assert ageing(_with(state, alone), failure.onset) is None


SOME = rollout(lambda start: start + 30.0)


@given(st.permutations(["n-0", "n-1", "n-2"]))
def test_names_do_not_matter(names: list[str]) -> None:
    state = SOME
    renamed = [replace(step, pod=names[int(step.pod[-1])]) for step in state.new_steps]
    assert told(_with(state, renamed)).gain == pytest.approx(told(state).gain)


moments = st.floats(min_value=START, max_value=START + 5_000.0)
steps = st.builds(
    lambda at, long, bad, good, pod, age: Step(at, at - long, bad, bad + good, 0.0, pod, age),
    at=moments,
    long=st.floats(min_value=0.0, max_value=60.0),
    bad=st.floats(min_value=0.0, max_value=1e6),
    good=st.floats(min_value=0.0, max_value=1e6),
    pod=st.sampled_from(["n-0", "n-1", "n-2"]),
    age=st.sampled_from([-1.0, 0.0, 30.0]),
)


@given(st.lists(steps, max_size=30), moments, st.floats(min_value=0.0, max_value=600.0))
def test_whatever_was_counted_there_is_an_answer(made: list[Step], low: float, long: float) -> None:
    """Also of pods that were born long after the failure began, or never had a request."""
    state = _with(SOME, sorted(made, key=lambda step: step.at))
    found = ageing(state, Onset(low=low, high=low + long, failing=0.2))
    assert found is None or (math.isfinite(found.gain) and 0 <= found.low <= found.high)


@pytest.mark.parametrize(("born", "requests"), [(600.0, 100.0), (40.0, 0.0)])
def test_pods_that_tell_nothing_of_it_are_passed_over(born: float, requests: float) -> None:
    failing = [Step(START + at, START + at - 15, 20.0, 100.0, 0.0, "n-0", 30.0) for at in (30, 45, 60)]
    others = [Step(START + born, START + born - 15, 0.0, requests, 0.0, pod, -1.0) for pod in ("n-1", "n-2")]
    begun = Onset(low=START + 15, high=START + 30, failing=0.2)
    assert ageing(_with(SOME, [*failing, *others]), begun) is None


def _with(state: SignalState, steps: list[Step]) -> SignalState:
    return replace(state, new_steps=tuple(steps))
