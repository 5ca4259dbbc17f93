"""What the core says of what really happened: every trace, judged as a case would have judged it.

A trace that is not named in ``BAD`` shows nothing that speaks against a rollout in it.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from daemon.core.case import Attribution
from tests.traces import trace
from tests.traces.judged import Rollout, judge

NAMES = trace.names()


class Expected(NamedTuple):
    """The first fact against revision ``number``, within so many seconds of its rollout's beginning."""

    fact: str
    within: float
    cause: Attribution = Attribution.DEPLOYMENT
    number: int = 2


DEADLINE = "ProgressDeadlineExceeded"
CRASHES = "CrashLoopBackOff"
BAD = {
    "all-crash-once-after-ready": Expected("RestartsAfterReady", 12),
    "command-not-found": Expected("RunContainerError", 3),
    "command-not-found-undone": Expected("RunContainerError", 3),
    "configmap-broken-restart-undo": Expected(CRASHES, 15),
    "configmap-key-missing": Expected("CreateContainerConfigError", 13),
    "configmap-missing-for-sidecar": Expected(DEADLINE, 22),
    "crash-loop": Expected(CRASHES, 15),
    "crash-loop-past-deadline-undone": Expected(CRASHES, 15),
    "crash-loop-undone": Expected(CRASHES, 15),
    "crash-old-pods-too": Expected(CRASHES, 15, Attribution.INFRASTRUCTURE),
    "exit-0-loop": Expected(CRASHES, 15),
    "exit-0-loop-undone": Expected(CRASHES, 15),
    "init-never-works": Expected(CRASHES, 22),
    "liveness-kills": Expected(CRASHES, 15),
    "liveness-kills-undone": Expected(CRASHES, 15),
    "long-name-never-ready-undone": Expected(DEADLINE, 12),
    "never-ready": Expected(DEADLINE, 22),
    "oom-loop": Expected("OOMKilled", 15),
    "oom-loop-undone": Expected("OOMKilled", 15),
    "stale-progress-condition-1": Expected(DEADLINE, 12),
    "stale-progress-condition-3": Expected(DEADLINE, 12),
    "stale-progress-condition-slow-undo": Expected(DEADLINE, 12),
    "undo-that-fails-too": Expected(DEADLINE, 13, number=3),
    "undo-to-restarted-pod": Expected(DEADLINE, 12),
}


@pytest.fixture(scope="module", params=NAMES)
def judged(request: pytest.FixtureRequest) -> tuple[str, list[Rollout]]:
    # What runs when a trace begins is adopted, and not judged.
    return request.param, [one for one in judge(trace.read(request.param)) if not one.adopted]


def test_a_healthy_rollout_has_nothing_against_it(judged: tuple[str, list[Rollout]]) -> None:
    name, rollouts = judged
    bad = {BAD[name].number} if name in BAD else set()
    told = {one.revision.number: one.found for one in rollouts if one.found}
    assert set(told) <= bad, told


def test_a_bad_rollout_is_found_in_time_and_laid_to_whoever_did_it(judged: tuple[str, list[Rollout]]) -> None:
    name, rollouts = judged
    if name not in BAD:
        return
    expected = BAD[name]
    [rollout] = [one for one in rollouts if one.revision.number == expected.number]
    first = rollout.found[0]
    assert first.kinds == {expected.fact}
    assert first.after <= expected.within
    assert {found.cause for found in rollout.found} == {expected.cause}


def test_a_rollout_that_ends_well_was_complete(judged: tuple[str, list[Rollout]]) -> None:
    name, rollouts = judged
    if trace.read(name).header.complete and rollouts:
        assert rollouts[-1].complete


def test_every_bad_trace_is_there() -> None:
    assert set(BAD) <= set(NAMES)
