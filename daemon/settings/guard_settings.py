"""What the guards go by, beside annotations and freeze windows; a part of the policy."""

from __future__ import annotations

from pydantic import Field

from daemon.core.policy import Unapproved
from daemon.settings.types import Duration, Group


class GuardSettings(Group):
    """When what would be done by itself is left to people."""

    max_rollbacks: int = Field(
        default=3,
        ge=0,
        le=100,
        description=(
            "Automatic rollbacks of one workload within 24 hours; further ones are held for a person. 0 "
            "holds every one."
        ),
    )
    cooldown: Duration = Field(
        default=0.0,
        ge=0,
        le=86_400,
        description=(
            "Seconds after a rollback of a workload in which a further one is held for a person. Longer than "
            "whatever deploys again by itself takes. 0 switches it off."
        ),
    )
    announce: Duration = Field(
        default=0.0,
        ge=0,
        le=600,
        description=(
            "Seconds before a rollback in which people are told of it and can hold it; an approval begins it "
            "at once. It is not kept waiting by a sink that is down. 0: it is begun at once."
        ),
    )
    approval_deadline: Duration = Field(
        default=0.0,
        ge=0,
        le=604_800,
        description="With `mode: approval`: seconds that one is waited for. 0: for as long as it takes.",
    )
    unapproved: Unapproved = Field(
        default=Unapproved.HOLD,
        description="When none came in time: `hold` the case, or end it with the advice (`advise`).",
    )
