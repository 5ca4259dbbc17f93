"""The cooldown: after a rollback of a workload, the next one by itself has to wait."""

from __future__ import annotations

from datetime import timedelta

from daemon.core.case.guards.guard import Guard, Occasion, Refusal
from daemon.core.policy import Policy


def _refuses(occasion: Occasion) -> Refusal | None:
    last = max(occasion.rollbacks, default=None)
    if last is None:
        return None
    until = last + timedelta(seconds=occasion.policy.cooldown)
    if until <= occasion.now:
        return None
    reason = (
        f"the workload was rolled back at {last:%H:%M:%S} UTC, and policy.cooldown is "
        f"{occasion.policy.cooldown:g} s"
    )
    return Refusal(guard="cooldown", reason=reason, until=until)


def _settings(policy: Policy) -> str:
    return f"{policy.cooldown:g} s after a rollback" if policy.cooldown else "off (policy.cooldown is 0)"


GUARD = Guard(name="cooldown", refuses=_refuses, settings=_settings)
