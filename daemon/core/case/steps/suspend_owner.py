"""Have whoever owns the Deployment leave it alone, before anything is written that it would put back."""

from __future__ import annotations

from daemon.core.case import owner_commands
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.owner_policy import suspended_first
from daemon.core.case.steps.step import Draft, Situation, StepKind


def _needed(situation: Situation) -> tuple[Draft, ...]:
    owner = suspended_first(situation.ownership, situation.owners)
    return () if owner is None else (Draft(owner=owner),)


def _noun(effect: Effect) -> str:
    return f"suspending {effect.owner or 'the owner'}"


def _words(case: Case, effect: Effect) -> str:
    return f"suspend {effect.owner or 'the owner'}, which would put {case.spec.revision} back"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del case
    return owner_commands.suspend_commands(effect.owner) if effect.owner is not None else ()


STEP = StepKind(
    kind="suspend-owner", marks=False, needed=_needed, noun=_noun, words=_words, commands=_commands
)
