"""When a person's instruction comes in time."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.case.case import APPROVABLE, STOPPABLE, Case, Phase

RULES: Mapping[str, tuple[frozenset[Phase], str]] = {
    "approve": (APPROVABLE, "only a case that awaits approval, is held or advised can be"),
    "hold": (STOPPABLE, "only a case whose rollback has not begun can be"),
}
"""Action → the phases in which it is of use, and the rule in words."""


def timely(case: Case) -> tuple[str, ...]:
    """The instructions that are of use in the case's phase."""
    return tuple(action for action, (phases, _) in RULES.items() if case.phase in phases)


def untimely(case: Case, action: str) -> str:
    """Why an instruction is of no use in the case's phase; empty where it is of use."""
    phases, rule = RULES[action]
    return "" if case.phase in phases else f"{action}: {case.key} is {case.phase.value}: {rule}"
