"""Backs the database up. Found done by its Job; a command in a pod that may have been begun is not known."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.engine.steps.step import Hands, StepAnswer, refused


def back_up(hands: Hands, case: Case, effect: Effect) -> StepAnswer:
    act = effect.database
    if act is None or act.command is None:
        return refused(effect, "the ledger does not say how the database is backed up")
    return hands.database.back_up(case, effect, act.command)
