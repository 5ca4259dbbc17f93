"""Switches a feature flag off, beside the workers. What was begun by a process that has died is found again
where that can be; where not, nobody knows how it ended, and the plan goes on."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Finished
from daemon.engine.steps.step import Hands


def switch_off(hands: Hands, case: Case, effect: Effect) -> Finished | None:
    return hands.flags.switch_off(case, effect)
