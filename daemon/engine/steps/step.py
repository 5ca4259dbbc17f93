"""What carrying a step out needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.core.case.case import Case, Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.engine.feature_flags import FlagSwitches
from daemon.engine.gates import GateLook
from daemon.ports import Actuator, ConfigurationRestorer, Overlays, OwnerSwitch, RollbackResult


@dataclass(frozen=True, kw_only=True)
class Hands:
    """The ports that steps act through."""

    actuator: Actuator
    restorer: ConfigurationRestorer
    gates: GateLook
    flags: FlagSwitches
    owners: OwnerSwitch
    overlays: Overlays


Act = Callable[[Hands, Case, Effect], Finished | None]
"""Carries a step out once and says how it ended; ``None`` while it is under way beside the worker, which then
is asked for another look. Raises PortError for what has to be asked again."""


def ended(effect: Effect, result: RollbackResult) -> Finished:
    return Finished(
        effect=effect.id, outcome=result.outcome, detail=result.detail, generation=result.generation
    )


def refused(effect: Effect, why: str) -> Finished:
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=why)
