"""What the core says of what really happened: every trace, judged as a case would have judged it.

A trace that is not named in ``BAD`` shows nothing that speaks against a rollout in it.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from daemon.core.assessment import Attribution
from tests.traces import trace
from tests.traces.judged import Rollout, judge

NAMES = trace.names()


class Expected(NamedTuple):
    """The first fact against revision ``number``, within so many seconds of its rollout's beginning."""

    fact: str
    within: float
    cause: Attribution = Attribution.DEPLOYMENT
    number: int = 2


INFRASTRUCTURE, UNDECIDED = Attribution.INFRASTRUCTURE, Attribution.UNDECIDED
DEADLINE = "ProgressDeadlineExceeded"
CRASHES = "CrashLoopBackOff"
BAD = {
    "all-crash-once-after-ready": Expected("RestartsAfterReady", 16),
    "autoscaler-up-during-bad-rollout": Expected(DEADLINE, 26),
    "command-not-found": Expected("RunContainerError", 8),
    "command-not-found-undone": Expected("RunContainerError", 8),
    "configmap-broken-recreate-undo": Expected(CRASHES, 9),
    "configmap-broken-restart-undo": Expected(CRASHES, 9),
    "configmap-key-missing": Expected("CreateContainerConfigError", 16),
    "configmap-missing-for-sidecar": Expected(DEADLINE, 26),
    "crash-loop": Expected(CRASHES, 16),
    "crash-loop-after-ready": Expected("RestartsAfterReady", 15),
    "crash-loop-on-one": Expected(CRASHES, 31),
    "crash-loop-past-deadline-undone": Expected(DEADLINE, 16),
    "crash-loop-undone": Expected(CRASHES, 17),
    "crash-old-pods-too": Expected(CRASHES, 17, INFRASTRUCTURE),
    "crash-while-verifying": Expected("RestartsAfterReady", 12, number=3),
    "deadline-exceeded-then-complete": Expected(DEADLINE, 16),
    "evicted-during-bad-rollout": Expected(DEADLINE, 22),
    "exit-0-loop": Expected(CRASHES, 17),
    "exit-0-loop-undone": Expected(CRASHES, 16),
    "image-name-invalid": Expected("InvalidImageName", 7),
    "image-never-pulled": Expected("ErrImageNeverPull", 7),
    "image-not-found": Expected("ErrImagePull", 6),
    "image-repository-not-found": Expected("ErrImagePull", 6),
    "init-never-works": Expected(DEADLINE, 26),
    "liveness-kills": Expected(CRASHES, 14),
    "liveness-kills-undone": Expected(CRASHES, 15),
    "long-name-never-ready-undone": Expected(DEADLINE, 16),
    "max-unavailable-100-bad-undone": Expected(DEADLINE, 17),
    "min-ready-seconds-crash-inside": Expected(CRASHES, 22),
    "native-sidecar-crash-loop": Expected(CRASHES, 20),
    "native-sidecar-crash-loop-undone": Expected(CRASHES, 18),
    "never-ready": Expected(DEADLINE, 27),
    "old-replica-set-deleted": Expected(DEADLINE, 16),
    "oom-loop": Expected("OOMKilled", 9),
    "oom-loop-undone": Expected("OOMKilled", 9),
    "quota": Expected(DEADLINE, 21, UNDECIDED),
    "quota-at-undo": Expected(DEADLINE, 15, UNDECIDED, number=3),
    "quota-lifted": Expected(DEADLINE, 21, UNDECIDED),
    "readiness-lost-during-rollout": Expected(DEADLINE, 30),
    "readiness-lost-on-all": Expected("ReadinessLost", 51),
    "recreate-bad-undone": Expected(DEADLINE, 17),
    "registry-401": Expected(DEADLINE, 27, UNDECIDED),
    "registry-401-no-token": Expected(DEADLINE, 26, UNDECIDED),
    "registry-403": Expected(DEADLINE, 26, UNDECIDED),
    "registry-429": Expected(DEADLINE, 26, UNDECIDED),
    "registry-503": Expected(DEADLINE, 26, UNDECIDED),
    "registry-down": Expected(DEADLINE, 26, UNDECIDED),
    "registry-down-and-back": Expected(DEADLINE, 26, UNDECIDED),
    "registry-down-at-undo": Expected(DEADLINE, 23, UNDECIDED, number=3),
    "sidecar-crash-loop": Expected(CRASHES, 18),
    "sidecar-crash-loop-undone": Expected(CRASHES, 19),
    "stale-progress-condition-1": Expected(DEADLINE, 16),
    "stale-progress-condition-3": Expected(DEADLINE, 17),
    "stale-progress-condition-slow-undo": Expected(DEADLINE, 16),
    "stale-progress-condition-stays": Expected(DEADLINE, 16, UNDECIDED),
    "surge-25-percent-bad-undone": Expected(DEADLINE, 16),
    "undo-that-fails-too": Expected(DEADLINE, 18, number=3),
    "undo-to-restarted-pod": Expected(DEADLINE, 16),
    "unschedulable": Expected(DEADLINE, 21, UNDECIDED),
    "webhook-down": Expected(DEADLINE, 21, UNDECIDED),
    "webhook-down-and-gone": Expected(DEADLINE, 21, UNDECIDED),
}

AS_WELL = {"configmap-broken-recreate-undo": {3}}
"""Rollouts of a bad trace that have something against them beside the expected one."""


@pytest.fixture(scope="module", params=NAMES)
def judged(request: pytest.FixtureRequest) -> tuple[str, list[Rollout]]:
    # What runs when a trace begins is adopted, and not judged.
    return request.param, [one for one in judge(trace.read(request.param)) if not one.adopted]


def test_a_healthy_rollout_has_nothing_against_it(judged: tuple[str, list[Rollout]]) -> None:
    name, rollouts = judged
    bad = ({BAD[name].number} if name in BAD else set()) | AS_WELL.get(name, set())
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
