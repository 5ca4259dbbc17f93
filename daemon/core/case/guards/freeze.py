"""Freeze windows: times in which a workload is changed by people alone."""

from __future__ import annotations

from daemon.core.case.guards.guard import Guard, Occasion, Refusal
from daemon.core.policy import Policy


def _refuses(occasion: Occasion) -> Refusal | None:
    freeze = occasion.freeze
    if freeze is None:
        return None
    on = freeze.until is not None and freeze.until > occasion.now
    if not freeze.problem:
        reason = f"the freeze {freeze.name} is on"
        return Refusal(guard="freeze", reason=reason, until=freeze.until) if on else None
    if on:
        reason = f"the freeze {freeze.name} is on, as its calendar said before ({freeze.problem})"
        return Refusal(guard="freeze", reason=reason, until=freeze.until)
    reason = f"whether the freeze {freeze.name} is on is not known: {freeze.problem}"
    return Refusal(guard="freeze", reason=reason, remedy="until the calendar can be read again")


def _settings(policy: Policy) -> str:
    return f"windows {', '.join(policy.freezes)}" if policy.freezes else "no windows"


GUARD = Guard(name="freeze", refuses=_refuses, settings=_settings)
