"""What came of a rollout that was judged again."""

from __future__ import annotations

from enum import StrEnum

from daemon.core.assessment import Attribution, SignalEvidence, Verdict
from daemon.core.signals.startup import Start
from daemon.core.value import Value
from daemon.engine.backtest.lineage import Plan


class Kind(StrEnum):
    """What would have come of a rollout."""

    ROLLBACK = "rollback"
    HELD = "held"
    """Nothing would have been done: another cause than the release, or a gap in the metrics."""
    PASSED = "passed"
    UNPROVEN = "unproven"
    """No sign of failure, but not shown to be well: degraded, too few requests, or superseded before."""


class RolloutOutcome(Value, frozen=True):
    """How a rollout was judged. Times in Unix seconds."""

    plan: Plan
    baseline: str
    kind: Kind
    verdict: Verdict
    reason: str
    attribution: Attribution
    attribution_reason: str
    signal: str
    e_value: float
    started_at: float
    """The first scrape of a new pod."""
    judged_until: float
    """When the rollback was decided, or the watch was over."""
    requests: float
    """Of the new pods up to then, by the signal that counts most."""
    fixed_at: float | None
    """When the fixed-threshold rule would have rolled back."""
    evidence: tuple[SignalEvidence, ...] = ()
    starts: tuple[Start, ...] = ()
    """How its pods started, where the releases after it may start like that."""
    earlier: tuple[Start, ...] = ()
    """Those that it was judged by itself."""
    missing: tuple[str, ...] = ()
    """Signals of which there is no sample."""

    @property
    def after(self) -> float:
        """Seconds from the start to the end of the judgement."""
        return max(0.0, self.judged_until - self.started_at)

    @property
    def fixed_after(self) -> float | None:
        return None if self.fixed_at is None else max(0.0, self.fixed_at - self.started_at)
