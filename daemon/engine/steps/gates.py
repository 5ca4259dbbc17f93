"""Looks before anything is done. It changes nothing, so that after a crash it is simply done again."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.engine.steps.step import Hands
from daemon.ports import Denied


def check(hands: Hands, case: Case, effect: Effect) -> Finished:
    found = hands.gates.look(case, effect)
    if found.forbidden:
        # As with the patch itself: asked again, for people may grant it at any time.
        raise Denied(found.forbidden)
    return Finished(
        effect=effect.id,
        outcome=EffectOutcome.REFUSED if found.refused else EffectOutcome.DONE,
        detail=found.refused or found.said,
        before=found.state,
    )
