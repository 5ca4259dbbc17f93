"""Looks whether an owner that was suspended is still at work. It changes nothing, and is asked again after a
crash."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished, Settling
from daemon.engine.steps.step import Hands, refused


def look(hands: Hands, case: Case, effect: Effect) -> Finished | Settling:
    del case
    if effect.owner is None:
        return refused(effect, "the ledger does not say whom to wait for")
    return Settling(effect=effect.id, status=hands.owners.status(effect.owner))
