"""What a case leaves to people elsewhere: a request to merge what sets Git back, and a suspended owner."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.suspension import with_suspension


def open_request(case: Case) -> Effect | None:
    """The step whose request was neither merged nor closed, as far as is known."""
    return next((effect for effect in reversed(case.status.effects) if effect.review), None)


def awaited_request(case: Case) -> str:
    """Where people have to decide before the plan goes on; empty where nobody is waited for."""
    step = case.pending_step
    return step.review if step is not None else ""


def with_open_request(case: Case, text: str) -> str:
    step = open_request(case)
    if step is None:
        return text
    return f"{text}; {step.review} is open: until people merge it, Git has {case.spec.revision}"


def with_what_is_left(case: Case, text: str) -> str:
    """The text with all that has to be done by people, for that is never left unsaid."""
    return with_suspension(case, with_open_request(case, text))
