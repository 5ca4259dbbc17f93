"""What is checked before a plan begins, and what is tried when its rollout is stuck."""

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
    restart_stuck: bool = Field(
        default=True,
        description=(
            "Whether a rollback whose rollout is stuck is restarted once before people are called, as with "
            "`kubectl rollout restart`, where what keeps its pods does not speak against it: not for a "
            "quota, a pod that no node takes, an image that cannot be pulled, a missing ConfigMap or Secret, "
            "a node that is not well, or an application that ends with one exit code in every pod. It gives "
            "the rollback the time of a second rollout. Off: people are called at once."
        ),
    )
