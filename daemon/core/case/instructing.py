"""When a person's instruction comes in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from daemon.core.case.case import APPROVABLE, Case

RULES: Mapping[str, tuple[Callable[[Case], bool], str]] = {
    "approve": (
        lambda case: case.phase in APPROVABLE,
        "only a case that awaits approval, is held or advised can be",
    ),
    "hold": (
        lambda case: case.stoppable,
        "only a case whose rollback has not begun, or waits for a merge, can be",
    ),
}
"""Action → of which cases it is of use, and the rule in words."""


def timely(case: Case) -> tuple[str, ...]:
    """The instructions that are of use in the case's state."""
    return tuple(action for action, (useful, _) in RULES.items() if useful(case))


def untimely(case: Case, action: str) -> str:
    """Why an instruction is of no use in the case's state; empty where it is of use."""
    useful, rule = RULES[action]
    return "" if useful(case) else f"{action}: {case.key} is {case.phase.value}: {rule}"
