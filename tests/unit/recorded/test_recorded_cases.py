"""Interleaved cases, each judged as if it were alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from daemon.adapters.recording.recorded_cases import NO_ROLLOUT, RecordedCases, RolloutOutOfOrder
from daemon.core.assessment import Verdict
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.record_entries import RecordEntry, RolloutStarted, Sampled
from daemon.core.policy import Policy, SignalPolicy

POLICY = Policy(signals=(SignalPolicy(name="errors", title="error rate", limit=0.05),), watch=120.0)
START = 1_730_000_000.0


def story(bad_in_100: int, *, rounds: int = 12) -> Iterator[RecordEntry]:
    """Ten quiet scrapes of the old revision, the rollout, then scrapes of the new one."""
    for index in range(10):
        yield scrape("old", START - 150 + 15 * index, total=1000 * (index + 1), bad=index)
    yield RolloutStarted(at=START, revision="new", baseline="old")
    for index in range(1, rounds + 1):
        yield scrape("new", START + 15 * index, total=1000 * index, bad=10 * bad_in_100 * index)


def scrape(revision: str, at: float, *, total: float, bad: float) -> Sampled:
    return Sampled(at=at, signal="errors", pod=f"{revision}-1", revision=revision, total=total, bad=bad)


def judged(docket: RecordedCases, entries: Iterable[tuple[str, RecordEntry]]) -> dict[str, list[Judgement]]:
    found: dict[str, list[Judgement]] = {}
    for case, entry in entries:
        found.setdefault(case, []).extend(docket.take(case, entry))
    for case, last in docket.close():
        found.setdefault(case, []).append(last)
    return found


def alone(bad_in_100: int) -> list[Judgement]:
    return judged(RecordedCases(POLICY), (("x", entry) for entry in story(bad_in_100)))["x"]


def test_an_outage_is_decided_and_a_good_release_passes() -> None:
    assert alone(40)[-1].decision is Decision.ROLLBACK
    assert alone(0)[-1].decision is Decision.PASS


@pytest.mark.parametrize("bad_in_100", [0, 7, 40])
def test_each_case_ends_once(bad_in_100: int) -> None:
    found = alone(bad_in_100)

    assert [judgement.final for judgement in found] == [False] * (len(found) - 1) + [True]
    assert [judgement.at for judgement in found] == sorted(judgement.at for judgement in found)


def test_interleaving_changes_nothing() -> None:
    stories = {f"case {rate}": list(story(rate)) for rate in (0, 1, 7, 20, 40)}
    turns = [case for case, entries in stories.items() for _ in entries]
    random.Random(1).shuffle(turns)
    waiting = {case: iter(entries) for case, entries in stories.items()}

    found = judged(RecordedCases(POLICY), ((case, next(waiting[case])) for case in turns))

    assert found == {case: alone(int(case.split()[1])) for case in stories}


def test_a_decided_case_is_told_at_once_and_only_once() -> None:
    docket = RecordedCases(POLICY)
    entries = list(story(100))
    for entry in entries[:-1]:
        told = docket.take("a", entry)
        if told and told[-1].final:
            break

    assert told[-1].decision is Decision.ROLLBACK
    assert not docket.take("a", entries[-1])
    assert list(docket.close()) == []
    assert (docket.cases, docket.ended) == (1, ())


def test_a_watch_that_is_over_is_told_at_once_too() -> None:
    docket = RecordedCases(POLICY)

    told = [each for entry in story(0, rounds=20) for each in docket.take("a", entry)]

    assert (told[-1].final, told[-1].decision) == (True, Decision.PASS)
    assert told[-1].at <= START + POLICY.watch
    assert list(docket.close()) == []
    assert not docket.without_rollout("a")


def test_without_a_rollout_there_is_no_judgement() -> None:
    docket = RecordedCases(POLICY)
    for entry in list(story(40))[:10]:
        assert not docket.take("a", entry)

    assert not docket.without_rollout("a"), "one may still come"
    ((case, last),) = docket.close()

    assert docket.without_rollout(case)
    assert (case, last.final, last.reason, last.at) == ("a", True, NO_ROLLOUT, START - 15)
    assert (last.verdict, last.decision, last.e_value) == (Verdict.UNKNOWN, Decision.HOLD, 1.0)


def test_a_rollout_that_is_told_too_late_leaves_the_case_as_it_was() -> None:
    docket = RecordedCases(POLICY)
    entries = list(story(0))
    for entry in entries[:14]:
        docket.take("a", entry)

    docket.take("a", entries[10])  # The same again is a repeat.
    with pytest.raises(RolloutOutOfOrder, match="of newer is told after what came later, that of new"):
        docket.take("a", RolloutStarted(at=START - 50, revision="newer"))

    assert [each for entry in entries[14:] for each in docket.take("a", entry)] == alone(0)[-1:]


def rollouts(count: int, *, cold: int, last: int) -> Iterator[RecordEntry]:
    """One after the other, each with so many bad of its first 1000 requests; the last one goes on."""
    for index in range(40):
        yield scrape("v0", START - 600 + 15 * index, total=1000 * (index + 1), bad=index)
    for number in range(1, count + 1):
        begun = START + 600 * (number - 1)
        yield RolloutStarted(at=begun, revision=f"v{number}", baseline=f"v{number - 1}")
        for index in range(1, 40):
            more = last * (index - 1) if number == count else 0
            yield scrape(f"v{number}", begun + 15 * index, total=1000 * index, bad=cold + more)


@pytest.mark.parametrize(("last", "decision"), [(0, Decision.PASS), (200, Decision.ROLLBACK)])
def test_a_later_rollout_may_start_as_those_before_it_did(last: int, decision: Decision) -> None:
    policy = Policy(signals=POLICY.signals, watch=300.0)

    found = judged(RecordedCases(policy), (("a", entry) for entry in rollouts(3, cold=120, last=last)))["a"]
    finals = [judgement for judgement in found if judgement.final]

    # Of the first one nobody knew that it would be well.
    assert [judgement.decision for judgement in finals] == [Decision.ROLLBACK, Decision.PASS, decision]
    assert "no worse than the last proven release's" in finals[1].reason


def test_evidence_is_kept_of_as_many_cases_as_asked_for() -> None:
    docket = RecordedCases(POLICY, keep=2)
    quiet = [("quiet", entry) for entry in list(story(0))[:10]]

    judged(docket, [*quiet, *((case, entry) for case in "cba" for entry in story(40))])

    assert [ended.case for ended in docket.ended] == ["c", "b"]
    assert docket.rollouts == 3
    first = docket.ended[0]
    assert (first.started_at, first.last.final) == (START, True)
    assert first.evidence[0].trail
