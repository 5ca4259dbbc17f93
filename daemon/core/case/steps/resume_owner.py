"""Let the owner go on that a plan suspended, where the plan ended before the template was put back.

Once it was put back the owner stays suspended: it would bring the judged revision back, and only people can
set right what it reads. The case says so, for as long as nobody resumed it.
"""

from __future__ import annotations

from daemon.core.case import owner_commands
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Draft, Situation, StepKind


def _needed(situation: Situation) -> tuple[Draft, ...]:
    """No plan begins with it: it is intended when a plan ends early."""
    del situation
    return ()


def _noun(effect: Effect) -> str:
    return f"resuming {effect.owner or 'the owner'}"


def _words(case: Case, effect: Effect) -> str:
    del case
    return f"resume {effect.owner or 'the owner'}, for the rollback was not carried out"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del case
    return owner_commands.resume_commands(effect.owner) if effect.owner is not None else ()


STEP = StepKind(
    kind="resume-owner", marks=False, needed=_needed, noun=_noun, words=_words, commands=_commands
)
