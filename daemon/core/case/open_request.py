"""What a case leaves to people elsewhere: a request to merge what sets Git back, and a suspended owner."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.suspension import with_suspension


def open_requests(case: Case) -> tuple[str, ...]:
    """Where requests are that were neither merged nor closed, as far as is known."""
    return tuple(dict.fromkeys(effect.review for effect in case.status.effects if effect.review))


def awaited_request(case: Case) -> str:
    """Where people have to decide before the plan goes on; empty where nobody is waited for."""
    return case.pending_step.review if case.pending_step is not None else ""


def with_open_request(case: Case, text: str) -> str:
    found = open_requests(case)
    if not found:
        return text
    be = "is" if len(found) == 1 else "are"
    return f"{text}; {' and '.join(found)} {be} open: until people merge one, Git has {case.spec.revision}"


def with_what_is_left(case: Case, text: str) -> str:
    """The text with all that has to be done by people, for that is never left unsaid."""
    return with_suspension(case, with_open_request(case, text))
