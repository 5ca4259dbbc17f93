"""Resumes whoever a plan suspended. Found done where the suspension's token is gone from the owner."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.engine.steps.step import Hands, ended, refused
from daemon.engine.steps.suspend_owner import suspension_token


def resume(hands: Hands, case: Case, effect: Effect) -> Finished:
    if effect.owner is None:
        return refused(effect, "the ledger does not say whom to resume")
    return ended(effect, hands.owners.resume(effect.owner, suspension_token(case)))
