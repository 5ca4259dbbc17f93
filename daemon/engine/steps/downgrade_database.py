"""Takes the database back. Found done by the database's own version, and by its Job."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.engine.steps.step import Hands, StepAnswer, refused


def downgrade(hands: Hands, case: Case, effect: Effect) -> StepAnswer:
    act = effect.database
    if act is None or act.command is None:
        return refused(effect, "the ledger does not say how the database is downgraded")
    return hands.database.downgrade(case, effect, act, act.command)
