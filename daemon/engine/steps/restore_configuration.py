"""Puts a ConfigMap's content back. Found done by the content: where it is there, nothing is written."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.engine.steps.step import Hands, ended, refused


def restore(hands: Hands, case: Case, effect: Effect) -> Finished:
    if effect.drift is None:
        return refused(effect, "the ledger does not say which ConfigMap to restore")
    return ended(
        effect, hands.restorer.restore(case.ref, case.spec.workload_uid, effect.drift, case.token(effect))
    )
