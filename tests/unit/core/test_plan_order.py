"""The order of a plan: what only looks goes first, so that what is held has changed nothing."""

from __future__ import annotations

from daemon.core.case import plan
from daemon.core.case.steps import await_owner


def test_whatever_only_looks_goes_before_whatever_acts() -> None:
    # Waiting for what an owner had begun comes behind its suspension, and holds nothing.
    acts = [step.acts for step in plan.ORDER if step is not await_owner.STEP]
    assert acts == sorted(acts)
