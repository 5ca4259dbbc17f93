"""What was recorded before a plan, as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.core.case.prior_state import PodBefore, PriorState
from daemon.presentation.standing_before import lines_of

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_each_part_has_its_line() -> None:
    state = PriorState(
        at=NOW,
        rollout="3 of 3 updated, 2 available, 3 in all",
        pods=(
            PodBefore(name="web-1", image="web:v2", node="n1", restarts=2),
            PodBefore(name="web-2", image="web:v2", ready=True),
        ),
        pods_left_out=7,
        signals=("errors: 12 of 200 (6 %)",),
        events=("Unhealthy (3 times): Readiness probe failed",),
        present=("ConfigMap web",),
        gone=("ServiceAccount web",),
        lacking=("Secret registry",),
        unchecked=("Secret web (secrets is forbidden)",),
    )
    assert list(lines_of(state)) == [
        "09:00:00 UTC, 3 of 3 updated, 2 available, 3 in all",
        "pod web-1: not ready, 2 restarts, web:v2 on n1",
        "pod web-2: ready, web:v2",
        "and 7 more pods",
        "signal errors: 12 of 200 (6 %)",
        "event Unhealthy (3 times): Readiness probe failed",
        "there: ConfigMap web",
        "gone: ServiceAccount web, Secret registry",
        "not checked: Secret web (secrets is forbidden)",
    ]


def test_without_a_plan_there_is_nothing_to_read() -> None:
    assert list(lines_of(None)) == []
