"""Sets an overlay's images back. Found done by the step's token in the last commits, or by the images; where
people review it, by the request for the branch that the step's name makes."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished, Reviewed
from daemon.core.case.steps.set_back_in_git import commit_message, review_branch
from daemon.engine.steps.step import Hands, ended, refused
from daemon.ports import ImageReturn, Review


def set_back(hands: Hands, case: Case, effect: Effect) -> Finished | Reviewed:
    target = case.status.target
    if target is None or not effect.overlay:
        return refused(effect, "the ledger does not say which overlay to set back, or to what")
    # A plan before may have set it back to a target whose image cannot be had.
    here = case.status.abandoned or case.spec.revision
    wanted = ImageReturn(
        judged=here.images,
        target=target.images,
        message=commit_message(case),
        branch=review_branch(case, effect),
    )
    found = hands.overlays.set_back(effect.overlay, wanted, case.token(effect))
    if isinstance(found, Review):
        return Reviewed(effect=effect.id, url=found.url)
    return ended(effect, found)
