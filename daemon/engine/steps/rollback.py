"""Puts the target's template back. Found done by its token on the Deployment, whatever was applied since."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.core.case.returning import judged_now
from daemon.engine.steps.step import Hands, ended, refused


def roll_back(hands: Hands, case: Case, effect: Effect) -> Finished:
    target = case.status.target
    if target is None:
        return refused(effect, "the case names no revision to return to")
    undone = hands.actuator.undo(
        case.ref,
        case.spec.workload_uid,
        judged=judged_now(case),
        target=target,
        token=case.token(effect),
    )
    return ended(effect, undone)
