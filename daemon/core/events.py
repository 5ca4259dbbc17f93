"""What happens to a case."""

from __future__ import annotations

from daemon.core.case import Assessment, Instruction, Outcome, Verification
from daemon.core.model import Alert, Value, Workload
from daemon.core.pod_history import PodHistory
from daemon.core.target import Choice


class Observed(Value, frozen=True):
    """The world as the engine sees it now. ``workload`` is ``None`` when the Deployment is gone."""

    workload: Workload | None
    assessment: Assessment
    choice: Choice
    pods: tuple[PodHistory, ...] = ()
    """As the case is to remember them after this look."""
    verification: Verification | None = None
    recent_rollbacks: int = 0


class Finished(Value, frozen=True):
    """An effect came to its end."""

    effect: str
    outcome: Outcome
    detail: str


class Alerted(Value, frozen=True):
    """What one delivery says of the workload."""

    alerts: tuple[Alert, ...]


class Instructed(Value, frozen=True):
    instruction: Instruction


class Troubled(Value, frozen=True):
    """The workload of a finished case is in trouble (``text``), or not any more (empty)."""

    text: str


Event = Observed | Finished | Alerted | Instructed | Troubled
