"""What a backtest comes to: counts, and where the two rules differ."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.core.value import Value
from daemon.engine.backtest.outcome import Kind, RolloutOutcome


class Summary(Value, frozen=True):
    """``fixed_*`` are of the fixed-threshold rule; it knows of no more than two answers."""

    rollouts: int
    rollback: int
    held: int
    passed: int
    unproven: int
    fixed_rollback: int
    fixed_passed: int
    returned: int
    """Rollouts after which people went back to an earlier revision within a day."""
    disagreements: int


def summary(outcomes: Sequence[RolloutOutcome]) -> Summary:
    kinds = [outcome.kind for outcome in outcomes]
    fixed = sum(outcome.fixed_at is not None for outcome in outcomes)
    return Summary(
        rollouts=len(outcomes),
        rollback=kinds.count(Kind.ROLLBACK),
        held=kinds.count(Kind.HELD),
        passed=kinds.count(Kind.PASSED),
        unproven=kinds.count(Kind.UNPROVEN),
        fixed_rollback=fixed,
        fixed_passed=len(outcomes) - fixed,
        returned=sum(outcome.plan.returned is not None for outcome in outcomes),
        disagreements=sum(disagree(outcome) for outcome in outcomes),
    )


def disagree(outcome: RolloutOutcome) -> bool:
    """Whether one of the two would have rolled back and the other not."""
    return (outcome.kind is Kind.ROLLBACK) is not (outcome.fixed_at is not None)
