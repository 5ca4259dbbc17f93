"""What a picture shows of one rollout, or of one change of configuration."""

from __future__ import annotations

from daemon.core.assessment import SignalEvidence
from daemon.core.case.case import Case
from daemon.core.case.in_place_words import counted_from
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


def figure_of(case: Case) -> Figure | None:
    """What there is to draw of a case; ``None`` where no signal's evidence was kept."""
    assessment = case.status.assessment
    signals = tuple(signal for signal in assessment.signals if signal.trail) if assessment else ()
    if assessment is None or not signals:
        return None
    return Figure(
        title=f"{case.spec.workload}, {case.spec.revision}",
        signals=signals,
        started_at=case.spec.started_at.timestamp(),
        decided_at=case.status.failing_at.timestamp() if case.status.failing_at else None,
        decision="found failing",
        onset=assessment.onset,
        beginning=counted_from(case),
    )
