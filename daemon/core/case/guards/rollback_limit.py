"""The limit of automatic rollbacks of one workload within 24 hours."""

from __future__ import annotations

from datetime import timedelta

from daemon.core.case.guards.guard import Guard, Occasion, Refusal
from daemon.core.policy import Policy

DAY = timedelta(days=1)
"""For how long rollbacks are counted, and so remembered."""


def _refuses(occasion: Occasion) -> Refusal | None:
    most, count = occasion.policy.max_rollbacks, len(occasion.rollbacks)
    if count < most:
        return None
    if most == 0:
        return Refusal(
            guard="rollback-limit",
            reason="policy.max_rollbacks is 0",
            remedy="until a person approves, or another number is set",
        )
    # The one whose day has to be over before there are fewer than may be.
    freeing = sorted(occasion.rollbacks)[count - most]
    reason = f"{count} rollbacks of this workload in 24 hours are enough"
    return Refusal(guard="rollback-limit", reason=reason, until=freeing + DAY)


def _settings(policy: Policy) -> str:
    return f"{policy.max_rollbacks} automatic rollbacks in 24 hours"


GUARD = Guard(name="rollback-limit", refuses=_refuses, settings=_settings)
