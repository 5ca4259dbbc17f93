"""What is checked before a plan begins."""

from __future__ import annotations

from pydantic import Field

from daemon.core.policy import GateChoice
from daemon.settings.types import Group


class GateSettings(Group):
    """A part of the policy."""

    gates: GateChoice = Field(
        default=GateChoice.HOLD,
        description=(
            "What the checks before a rollback do: whether the ConfigMaps, Secrets, volume claims and the "
            "ServiceAccount that the target's pods need are there, and whether each step is allowed. `hold`: "
            "one that is known to fail holds the case; what cannot be asked is said, and it goes on. "
            "`strict`: what cannot be asked holds it as well. `skip`: nothing is checked."
        ),
    )
