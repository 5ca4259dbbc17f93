"""Reads the database's version before anything is done. A reading whose answer was lost is made again."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.engine.steps.step import Hands, StepAnswer, refused


def check_version(hands: Hands, case: Case, effect: Effect) -> StepAnswer:
    if effect.database is None:
        return refused(effect, "the ledger does not say how the database's version is read")
    return hands.database.check(case, effect, effect.database)
