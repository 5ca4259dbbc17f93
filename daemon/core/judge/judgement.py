"""What is said of a recorded rollout at a time: an assessment in one line, with what it would lead to."""

from __future__ import annotations

import math
from enum import StrEnum

from daemon.core.assessment import Assessment, Attribution, SignalEvidence, Verdict
from daemon.core.value import Value

MOST_E = 1e300
"""Larger e-values are no number in JSON."""


class Decision(StrEnum):
    ROLLBACK = "rollback"
    HOLD = "hold"
    PASS = "pass"  # noqa: S105 (no password)


class Judgement(Value, frozen=True):
    """What was to be said at a time. ``e_value`` is the smaller of the two tests' of ``signal``."""

    at: float
    verdict: Verdict
    decision: Decision
    signal: str
    reason: str
    e_value: float
    attribution: Attribution
    attribution_reason: str = ""
    final: bool = False

    def says_the_same_as(self, other: Judgement) -> bool:
        """Whether only numbers and words differ."""
        mine = (self.verdict, self.decision, self.attribution)
        return mine == (other.verdict, other.decision, other.attribution)


def judgement_of(assessment: Assessment, at: float) -> Judgement:
    leading = max(assessment.signals, key=lambda s: (s.verdict, _least(s)), default=None)
    return Judgement(
        at=at,
        verdict=assessment.verdict,
        decision=decision_of(assessment),
        signal=leading.name if leading is not None else "",
        reason=assessment.reason,
        e_value=_e_value(leading) if leading is not None else 1.0,
        attribution=assessment.attribution,
        attribution_reason=assessment.attribution_reason,
    )


def decision_of(assessment: Assessment) -> Decision:
    """What an assessment leads to where the daemon may act by itself."""
    match assessment.verdict:
        case Verdict.FAILING if assessment.attribution is Attribution.DEPLOYMENT:
            return Decision.ROLLBACK
        case Verdict.FAILING | Verdict.UNKNOWN:
            return Decision.HOLD
        case _:
            return Decision.PASS


def _least(signal: SignalEvidence) -> float:
    """log10 of the e-value that lags behind."""
    return min(signal.over_limit, signal.over_baseline) if signal.baseline_line else signal.over_limit


def _e_value(signal: SignalEvidence) -> float:
    least = _least(signal)
    return MOST_E if least >= math.log10(MOST_E) else 10.0**least
