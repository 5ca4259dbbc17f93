"""Suspends whoever owns the Deployment. Found done by its token on the owner."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.engine.steps.step import Hands, ended, refused


def suspend(hands: Hands, case: Case, effect: Effect) -> Finished:
    if effect.owner is None:
        return refused(effect, "the ledger does not say whom to suspend")
    return ended(effect, hands.owners.suspend(effect.owner, suspension_token(case)))


def suspension_token(case: Case) -> str:
    """The same for all plans of a case: a later one finds its owner suspended, and may resume it."""
    return f"{case.uid or case.name}/suspend-owner"
