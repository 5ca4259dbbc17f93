"""Pods in the proof of a recovery: one end may be a node's, and must be over for a while."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.assessment import Condition
from daemon.core.judge.recovery import Facts, verify
from daemon.core.policy import Policy
from daemon.core.rollout_facts.pod_history import PodHistory, follow_pods
from daemon.core.thresholds import SETTLING
from tests.unit.core.made import NEW, START, at, container, pod, workload

POLICY = Policy(health_paths=())
SETTLED = SETTLING.total_seconds()


def looked(looks: Sequence[tuple[float, int, bool]]) -> Condition:
    """The condition at the last look. A look: seconds, how often the container ended, whether it is ready."""
    histories: tuple[PodHistory, ...] = ()
    seen, now = workload(), at(0)
    for seconds, times, ready in looks:
        now = at(seconds)
        ended = container("heat", restarts=times, ready=ready)
        seen = workload(
            pod("p0", ready=ready, containers=(ended,)), pod("p1", ready=True), pod("p2", ready=True)
        )
        histories = follow_pods(histories, seen, NEW, START, now)
    facts = Facts(workload=seen, target=NEW, health=(), fresh={}, pods=histories, at=now, patched_at=START)
    [found] = [c for c in verify(facts, POLICY, None).conditions if c.name == "pods ready"]
    return found


def test_pods_that_never_ended_are_proof_at_once() -> None:
    assert looked([(1, 3, True), (2, 3, True)]).holds, "what ended before is not counted"


def test_a_pod_that_ended_once_is_proof_when_it_has_run_for_long_enough() -> None:
    begin = [(1.0, 0, True), (30.0, 1, False), (35.0, 1, True)]
    assert not looked(begin).holds
    assert not looked([*begin, (29.0 + SETTLED, 1, True)]).holds
    found = looked([*begin, (30.0 + SETTLED, 1, True)])
    assert (found.holds, "none restarted in the last 120 s" in found.detail) == (True, True)


@given(
    gaps=st.lists(st.floats(1.0, 500.0), min_size=2, max_size=6),
    wait=st.floats(0.0, 5000.0),
    unseen=st.booleans(),
)
def test_a_pod_that_ended_twice_is_none(gaps: list[float], wait: float, unseen: bool) -> None:
    looks, now = [(1.0, 0, True)], 1.0
    for times, gap in enumerate(gaps, 1):
        now += gap
        if not (unseen and times < len(gaps)):
            looks.append((now, times, True))
    assert not looked([*looks, (now + wait, len(gaps), True)]).holds


def test_a_pod_that_is_not_ready_is_none_however_long_ago_it_ended() -> None:
    assert not looked([(1, 0, True), (30, 1, False), (900, 1, False)]).holds
