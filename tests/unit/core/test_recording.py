"""Recorded samples: the live judge on a record, without a look into the future."""

from __future__ import annotations

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.assessment import Attribution, Verdict
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.record_entries import (
    DependencyChanged,
    RecordEntry,
    RolloutStarted,
    Sampled,
    ScrapeFailed,
)
from daemon.core.judge.recording import Recording
from daemon.core.policy import Policy, SignalPolicy
from tests.unit.core.signal_states import EVERY, START, drawn

ERRORS = SignalPolicy(name="errors", title="error rate", limit=0.05)
LATENCY = SignalPolicy(name="latency", title="slow", limit=0.01, warmup=60)
POLICY = Policy(signals=(ERRORS, LATENCY))


def entries(
    rate: float,
    *,
    before: float = 0.01,
    per_scrape: int = 75,
    pods: int = 3,
    scrapes: int = 40,
    seed: int = 1,
    phase: float = 1.0,
    beside: float | None = None,
    name: str = "new",
) -> list[RecordEntry]:
    """A baseline of half an hour, a rollout, and what the new pods do; old pods may serve beside them."""
    source = random.Random(seed)
    made: list[RecordEntry] = []
    stories = [(f"old-{n}", "a", START - 120 * EVERY, before, 120) for n in range(pods)]
    stories += [(f"{name}-{n}", "b", START + EVERY, rate, scrapes) for n in range(pods)]
    if beside is not None:
        stories += [(f"old-{n}", "a", START, beside, 8) for n in range(pods)]
    counters: dict[str, tuple[float, float]] = {}
    for index, (pod, revision, first, share, count) in enumerate(stories):
        for step, (bad, total) in enumerate(drawn(share, per_scrape // pods, count, source)):
            have = counters.get(pod, (0.0, 0.0))
            counters[pod] = (have[0] + bad, have[1] + total)
            made.append(
                Sampled(
                    at=first + EVERY * step + phase * (index % pods),
                    signal="errors",
                    pod=pod,
                    revision=revision,
                    bad=counters[pod][0],
                    total=counters[pod][1],
                )
            )
    made.append(RolloutStarted(at=START, revision="b", baseline="a"))
    return sorted(made, key=lambda e: (e.at, isinstance(e, Sampled)))


def judged(made: list[RecordEntry]) -> tuple[list[Judgement], Judgement | None]:
    recording = Recording(POLICY)
    said = [judgement for entry in made for judgement in recording.take(entry)]
    return said, recording.close()


def last(made: list[RecordEntry]) -> Judgement:
    final = judged(made)[1]
    assert final is not None
    assert final.final
    return final


def test_a_bad_release_is_rolled_back_at_its_first_scrapes() -> None:
    found = last(entries(0.5))
    assert (found.decision, found.verdict, found.signal) == (Decision.ROLLBACK, Verdict.FAILING, "errors")
    assert found.at <= START + EVERY + 2
    assert found.e_value > 400
    assert math.isfinite(found.e_value)


def test_a_good_release_passes_though_a_signal_was_never_sampled() -> None:
    found = last(entries(0.01))
    assert (found.decision, found.verdict) == (Decision.PASS, Verdict.HEALTHY)


def test_the_first_bad_scrape_is_told_when_something_later_comes() -> None:
    said, _ = judged(entries(0.5))
    assert [j.decision for j in said][-1] is Decision.ROLLBACK


def test_what_hits_both_revisions_is_held() -> None:
    found = last(entries(0.3, beside=0.3))
    assert found.decision is not Decision.ROLLBACK


def test_a_dependency_that_goes_down_is_blamed() -> None:
    made = [*entries(0.5), DependencyChanged(at=START + 5, name="postgresql", healthy=False)]
    found = last(sorted(made, key=lambda e: e.at))
    assert (found.decision, found.attribution) == (Decision.HOLD, Attribution.INFRASTRUCTURE)


def test_a_record_without_a_rollout_has_no_judgement() -> None:
    assert judged([e for e in entries(0.5) if isinstance(e, Sampled)]) == ([], None)


def test_polls_that_fail_are_neither_health_nor_failure() -> None:
    made = list(entries(0.0, scrapes=3))
    made += [ScrapeFailed(at=START + 60 + n * EVERY) for n in range(20)]
    found = last(made)
    assert (found.decision, found.verdict) == (Decision.HOLD, Verdict.UNKNOWN)


def test_a_signal_whose_polls_failed_by_name_is_not_left_out() -> None:
    """Nobody knows of one that the record never mentions; this one could not be read."""
    made = [*entries(0.01), *(ScrapeFailed(at=START + n * EVERY, signal="latency") for n in range(50))]
    found = last(sorted(made, key=lambda entry: (entry.at, isinstance(entry, Sampled))))
    assert (found.decision, found.verdict) == (Decision.HOLD, Verdict.UNKNOWN)


def test_no_traffic_is_held() -> None:
    made = [
        Sampled(at=START + n * EVERY, signal="errors", pod="p", revision="b", bad=0, total=0)
        for n in range(1, 30)
    ]
    assert last([RolloutStarted(at=START, revision="b"), *made]).decision is Decision.HOLD


def test_the_watch_ends() -> None:
    made = entries(0.0, scrapes=41)
    late = [
        Sampled(
            at=START + 2000 + n * EVERY,
            signal="errors",
            pod="new-0",
            revision="b",
            bad=9000 * n,
            total=10_000 * n,
        )
        for n in range(1, 5)
    ]
    recording = Recording(POLICY)
    for entry in (*made, *late):
        recording.take(entry)
    final = recording.close()
    assert recording.decided
    assert final is not None
    assert final.decision is Decision.PASS


def test_the_judge_never_sees_the_future() -> None:
    """Whatever is said of the first half of a record is said before the second half is read."""
    made = entries(0.08, scrapes=30)
    whole, _ = judged(made)
    for cut in range(0, len(made), 37):
        said, _ = judged(made[:cut])
        assert whole[: len(said)] == said


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.03, 0.07, 0.2, 1.0]))
def test_pods_may_have_any_name_and_lines_of_a_scrape_any_order(seed: int, rate: float) -> None:
    plain = entries(rate, seed=seed, phase=0.0)
    renamed = entries(rate, seed=seed, phase=0.0, name="zz")
    turned = sorted(plain, key=lambda e: (e.at, isinstance(e, Sampled)))
    one, other, third = last(plain), last(renamed), last(turned)
    assert (one.at, one.decision, one.verdict) == (other.at, other.decision, other.verdict)
    assert (one.at, one.decision, one.verdict) == (third.at, third.decision, third.verdict)


@settings(max_examples=20)
@given(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.0, 14.0))
def test_the_scrapes_phase_does_not_change_the_verdict(rate: float, phase: float) -> None:
    found = last(entries(rate, per_scrape=150, phase=phase / 3))
    assert (found.decision is Decision.ROLLBACK) is (rate > 0)


numbers = st.floats(allow_nan=True, allow_infinity=True)
anything = st.one_of(
    st.builds(
        Sampled,
        at=numbers,
        signal=st.sampled_from(["errors", "latency", "none"]),
        pod=st.sampled_from("pqr"),
        revision=st.sampled_from("ab"),
        total=numbers,
        bad=st.none() | numbers,
        unclear=numbers,
    ),
    st.builds(
        RolloutStarted, at=numbers, revision=st.sampled_from("ab"), baseline=st.sampled_from(["", "a"])
    ),
    st.builds(ScrapeFailed, at=numbers),
    st.builds(DependencyChanged, at=numbers, name=st.just("db"), healthy=st.booleans()),
)


@given(st.lists(anything, max_size=40))
def test_no_input_breaks_it(made: list[RecordEntry]) -> None:
    recording = Recording(POLICY)
    for entry in made:
        for judgement in recording.take(entry):
            assert judgement.reason
            assert math.isfinite(judgement.e_value)
    final = recording.close()
    assert final is None or final.reason
    assert all(e.reason for e in recording.evidence())


def test_the_evidence_is_that_of_the_signals_that_the_record_has() -> None:
    recording = Recording(POLICY)
    assert [e.name for e in recording.evidence()] == ["errors", "latency"]
    for entry in entries(0.01):
        recording.take(entry)
    assert [e.name for e in recording.evidence()] == ["errors"]
