"""Every guard, in the order in which they are asked."""

from __future__ import annotations

from typing import Final

from daemon.core.case.guards import cooldown, emergency_stop, freeze, pause, rollback_limit
from daemon.core.case.guards.guard import Occasion, Refusal

GUARDS: Final = (
    emergency_stop.GUARD,
    pause.GUARD,
    freeze.GUARD,
    rollback_limit.GUARD,
    cooldown.GUARD,
)
"""What a person set comes before what policy sets, and what lasts longer before what is soon over."""


def absolute(name: str) -> bool:
    """Whether the guard refuses what a person approved as well."""
    return any(guard.absolute for guard in GUARDS if guard.name == name)


def first_refusal(occasion: Occasion) -> Refusal | None:
    """The guard that keeps the daemon from acting by itself; ``None``: it may."""
    return next((refusal for guard in GUARDS if (refusal := guard.refuses(occasion)) is not None), None)
