"""The order of a plan: what only looks goes first, so that what is held has changed nothing."""

from __future__ import annotations

from daemon.core.case import plan


def test_whatever_only_looks_goes_before_whatever_acts() -> None:
    acts = [step.acts for step in plan.ORDER]
    assert acts == sorted(acts)
