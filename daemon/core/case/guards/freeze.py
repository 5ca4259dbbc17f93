"""Freeze windows: times in which a workload is changed by people alone."""

from __future__ import annotations

from daemon.core.case.guards.guard import Guard, Occasion, Refusal
from daemon.core.policy import Policy


def _refuses(occasion: Occasion) -> Refusal | None:
    freeze = occasion.freeze
    if freeze is None or freeze.until <= occasion.now:
        return None
    return Refusal(guard="freeze", reason=f"the freeze {freeze.name} is on", until=freeze.until)


def _settings(policy: Policy) -> str:
    return f"windows {', '.join(policy.freezes)}" if policy.freezes else "no windows"


GUARD = Guard(name="freeze", refuses=_refuses, settings=_settings)
