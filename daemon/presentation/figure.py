"""What a picture shows of one rollout, or of one change of configuration."""

from __future__ import annotations

from daemon.core.assessment import SignalEvidence
from daemon.core.value import Value


class Figure(Value, frozen=True):
    """One case. Times in Unix seconds; ``onset`` is the interval in which the failure began."""

    title: str
    signals: tuple[SignalEvidence, ...]
    started_at: float
    decided_at: float | None = None
    decision: str = ""
    onset: tuple[float, float] | None = None
    beginning: str = "the rollout began"
    """What ``started_at`` is."""
