"""Wait until an owner that was suspended has ended what it had begun, before anything is put back.

It only looks. It comes behind the suspension all the same, for that is what it waits on, and a plan is never
held by it: :mod:`daemon.core.case.settling` has for how long it waits.
"""

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
    return f"waiting for {effect.owner or 'the owner'}"


def _words(case: Case, effect: Effect) -> str:
    del case
    return f"wait until {effect.owner or 'the owner'} has ended what it had begun"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del case
    return owner_commands.await_commands(effect.owner) if effect.owner is not None else ()


def _dispensable(effect: Effect) -> bool:
    del effect
    return True


STEP = StepKind(
    kind="await-owner",
    marks=False,
    acts=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    dispensable=_dispensable,
)
