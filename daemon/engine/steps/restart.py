"""Has the target's pods started anew. Found done by its token on the Deployment, as the rollback is."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.core.case.steps.restart import restarted_at
from daemon.engine.steps.step import Hands, ended, refused


def restart_target(hands: Hands, case: Case, effect: Effect) -> Finished:
    target = case.status.target
    if target is None:
        return refused(effect, "the case names no revision to restart")
    restarted = hands.actuator.restart_target(
        case.ref, case.spec.workload_uid, target=target, at=restarted_at(effect), token=case.token(effect)
    )
    return ended(effect, restarted)
