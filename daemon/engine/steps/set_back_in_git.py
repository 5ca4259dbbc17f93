"""Sets an overlay's images back. Found done by the step's token in the last commits, or by the images."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.core.case.steps.set_back_in_git import commit_message
from daemon.engine.steps.step import Hands, ended, refused
from daemon.ports import ImageReturn


def set_back(hands: Hands, case: Case, effect: Effect) -> Finished:
    target = case.status.target
    if target is None or not effect.overlay:
        return refused(effect, "the ledger does not say which overlay to set back, or to what")
    # A plan before may have set it back to a target whose image cannot be had.
    here = case.status.abandoned or case.spec.revision
    wanted = ImageReturn(judged=here.images, target=target.images, message=commit_message(case))
    return ended(effect, hands.overlays.set_back(effect.overlay, wanted, case.token(effect)))
