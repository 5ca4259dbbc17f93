"""What carrying a step out needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Begun, Finished, Reviewed, Settling
from daemon.engine.database_steps import DatabaseSteps
from daemon.engine.feature_flags import FlagSwitches
from daemon.engine.gates import GateLook
from daemon.ports import Actuator, ConfigurationRestorer, Overlays, OwnerSwitch, RollbackResult


@dataclass(frozen=True, kw_only=True)
class Hands:
    """The ports that steps act through."""

    actuator: Actuator
    restorer: ConfigurationRestorer
    database: DatabaseSteps
    gates: GateLook
    flags: FlagSwitches
    owners: OwnerSwitch
    overlays: Overlays


StepAnswer = Finished | Begun | Reviewed | Settling | None
"""How a step ended; that it is to be written down as begun, or waits for people or an owner; ``None`` while
it is under way."""
Act = Callable[[Hands, Case, Effect], StepAnswer]
"""Carries a step out once and says how it ended. Raises PortError for what has to be asked again.

One that takes its time is done beside the worker: it answers ``None``, and has the workload looked at later.
"""


def ended(effect: Effect, result: RollbackResult) -> Finished:
    return Finished(
        effect=effect.id,
        outcome=result.outcome,
        detail=result.detail,
        generation=result.generation,
        review=result.review,
    )


def refused(effect: Effect, why: str) -> Finished:
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=why)
