"""A case as Kubernetes conditions, for ``kubectl wait --for=condition=Done`` and whoever else reads these.

They follow from the case and are stored beside it; nobody decides by them.
"""

from __future__ import annotations

from typing import Literal

from daemon.core.case.case import Case, Phase
from daemon.core.value import Instant, Value

LONGEST = 1024
"""Characters of a message."""


class CaseCondition(Value, frozen=True, rename="camel"):
    """In the form of ``meta/v1 Condition``."""

    type: Literal["Done", "Healthy"]
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str
    last_transition_time: Instant


def conditions(case: Case) -> tuple[CaseCondition, ...]:
    """``Done``: no evidence is gathered any more. ``Healthy``: the release was found healthy.

    ``Healthy`` is unknown until it is done, and of a healthy one the reason says whether it was proven.
    """
    phase, status = case.phase, case.status
    done = not case.active
    since = (status.finished_at if done else None) or case.spec.opened_at
    reason = phase.value
    healthy: Literal["True", "False", "Unknown"] = "Unknown" if not done else "False"
    if phase is Phase.HEALTHY:
        healthy, reason = "True", "Proven" if status.proven else "NotProven"
    message = status.reason[:LONGEST]
    return (
        CaseCondition(
            type="Done",
            status="True" if done else "False",
            reason=phase.value,
            message=message,
            last_transition_time=since,
        ),
        CaseCondition(
            type="Healthy", status=healthy, reason=reason, message=message, last_transition_time=since
        ),
    )
