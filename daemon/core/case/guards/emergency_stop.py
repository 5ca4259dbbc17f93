"""The emergency stop: an annotation on the Deployment that forbids every act, one that was approved as well.

It is looked at anew before each act, in the middle of a plan too.
"""

from __future__ import annotations

from daemon.core.case.guards.guard import Guard, Occasion, Refusal, annotate
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy

STOP = "rollbackd.io/stop"
"""The annotation; whatever its value is, which is the reason, it stops."""


def stopped_by(ref: WorkloadRef, reason: str) -> Refusal:
    why = f": {reason}" if reason.strip() else " (no reason is given)"
    return Refusal(
        guard="emergency-stop",
        reason=f"the emergency stop is set on Deployment {ref}{why}",
        remedy=f"until somebody takes it off ({annotate(ref, STOP)}) and approves",
    )


def _refuses(occasion: Occasion) -> Refusal | None:
    return stopped_by(occasion.ref, occasion.stop) if occasion.stop is not None else None


def _settings(policy: Policy) -> str:
    del policy
    return f"annotation {STOP} on the Deployment refuses every act"


GUARD = Guard(name="emergency-stop", refuses=_refuses, settings=_settings, absolute=True)
