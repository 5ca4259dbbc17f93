"""The answers of the judge: verdict, evidence and cause of a failure, and the proof of a recovery."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from operator import attrgetter

from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally
from daemon.core.value import Value


class Verdict(StrEnum):
    """What the evidence says of the revision. This is their one order, the worst last.

    What cannot be told is worse than health, for it may hide a failure, and better than what is seen to be
    bad. Comparisons (``<``, ``max``, ``sorted``) go by this order, not by the letters of the words.
    """

    severity: int
    """Its place in the order, 0 for the best."""

    HEALTHY = "healthy"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    FAILING = "failing"

    def __init__(self, _: str) -> None:
        self.severity = len(type(self).__members__)

    def __lt__(self, other: str) -> bool:
        return self.severity < Verdict(other).severity

    def __le__(self, other: str) -> bool:
        return self.severity <= Verdict(other).severity

    def __gt__(self, other: str) -> bool:
        return self.severity > Verdict(other).severity

    def __ge__(self, other: str) -> bool:
        return self.severity >= Verdict(other).severity


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them; unknown where there is none, for where nothing was asked nothing is known."""
    return max(verdicts, key=attrgetter("severity"), default=Verdict.UNKNOWN)


class SignalEvidence(Value, frozen=True):
    """One signal's verdict with the numbers it rests on. Evidence is in log10 of e-values."""

    name: str
    verdict: Verdict
    reason: str
    limit: float
    new: Tally = Tally()
    old: Tally = Tally()
    """The other revisions' pods during the rollout."""
    baseline: Tally = Tally()
    """The time before the rollout."""
    over_limit: float = 0.0
    over_baseline: float = 0.0
    limit_line: float = 0.0
    """What ``over_limit`` has to reach; both lines have to be reached at once."""
    baseline_line: float = 0.0
    dispersion: float = 1.0
    """How many times fewer independent events the counts are worth, after the baseline's bursts."""
    trail: tuple[Point, ...] = ()
    """How it came to that, round by round, oldest first."""
    proven: bool = False
    """Whether the traffic was enough to show that the rate is under the limit."""


class Fact(Value, frozen=True):
    """A rollout fact that speaks against the revision: what the kubelet or the controller reports."""

    kind: str
    detail: str
    pods: tuple[str, ...] = ()
    """Whom it is about; none where it is about the rollout as a whole."""


class Attribution(StrEnum):
    DEPLOYMENT = "deployment"
    INFRASTRUCTURE = "infrastructure"
    UNDECIDED = "undecided"


class Assessment(Value, frozen=True):
    """The judge's answer: one verdict, the sentence that says why, and the evidence behind it."""

    verdict: Verdict
    reason: str
    signals: tuple[SignalEvidence, ...] = ()
    facts: tuple[Fact, ...] = ()
    attribution: Attribution = Attribution.UNDECIDED
    attribution_reason: str = ""
    onset: tuple[float, float] | None = None
    """The failure began between these times (Unix seconds)."""
    proven: bool = False


class Condition(Value, frozen=True):
    """One thing that must hold for "recovered"; ``holds`` is ``None`` while it is not known."""

    name: str
    holds: bool | None
    detail: str


class Verification(Value, frozen=True):
    conditions: tuple[Condition, ...] = ()
    contradicted: str = ""
    """Set when fresh evidence says that the service is still failing."""
    notes: tuple[str, ...] = ()
    """What was not checked, and why."""

    @property
    def recovered(self) -> bool:
        return bool(self.conditions) and all(condition.holds is True for condition in self.conditions)

    @property
    def missing(self) -> str:
        """What does not hold yet, in words."""
        return "; ".join(f"{c.name}: {c.detail}" for c in self.conditions if c.holds is not True)
