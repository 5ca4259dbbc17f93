"""The second stage of the judge: does a failure stand, or has a second look to be waited for?

One bad scrape, a burst that passes, pods that were not asked yet: each looks like a failure, and a scrape
later it is plain. What was detected is confirmed once nothing is waited for any more, and only then is it
asked whose doing it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from daemon.core.assessment import Fact, Verdict, worst
from daemon.core.attribution.affected_pods import others_due, spread
from daemon.core.attribution.bursts import has_passed, may_pass
from daemon.core.attribution.failure import Failure, earliest
from daemon.core.judge.detection import Detected, DetectedSignal
from daemon.core.judge.reason import ReasonKind
from daemon.core.signals.state import SignalState
from daemon.core.statistics.likelihood import scale_odds
from daemon.core.thresholds import BURST, SWIFT
from daemon.core.value import Value


class Confirmed(Value, frozen=True):
    """What stands of what was detected: the verdict, and the failures whose cause is to be found."""

    verdict: Verdict
    signals: tuple[DetectedSignal, ...]
    """Where something is waited for, it is the signal's reason, and the signal is degraded."""
    facts: tuple[Fact, ...] = ()
    failing: tuple[Failure, ...] = ()
    """Of the signals that are failing."""

    @property
    def onset(self) -> tuple[float, float] | None:
        """When the first of the failures began: between these times (Unix seconds)."""
        begun = earliest(self.failing)
        return (begun.low, begun.high) if begun is not None else None


def confirm(detected: Detected) -> Confirmed:
    """What stands, after each failure was asked whether a second look is needed."""
    found = [confirm_signal(signal) for signal in detected.signals]
    signals = tuple([signal for signal, _ in found])
    return Confirmed(
        verdict=_overall(signals, detected.facts),
        signals=signals,
        facts=detected.facts,
        failing=tuple([failure for _, failure in found if failure is not None]),
    )


def _overall(signals: Sequence[DetectedSignal], facts: Sequence[Fact]) -> Verdict:
    asked = [signal for signal in signals if not signal.spared] or signals
    return Verdict.FAILING if facts else worst([signal.verdict for signal in asked])


def confirm_signal(signal: DetectedSignal) -> tuple[DetectedSignal, Failure | None]:
    """The signal with what is waited for, and its failure where there is one and nothing is."""
    failure = _suspected(signal)
    if failure is None:
        return signal, None
    waits = awaited(failure)
    if waits is None:
        return _because(signal, ReasonKind.FAILING), failure
    return _because(signal, waits), None


def _suspected(signal: DetectedSignal) -> Failure | None:
    """The failure that the evidence is enough for; or that the service has as a whole, old pods with new."""
    if signal.state is None:
        return None
    if signal.verdict is Verdict.FAILING:
        return Failure(signal.state)
    if not signal.over:
        return None
    failure = Failure(signal.state)
    return failure if failure.old_pods is not None and failure.old_pods.hit_as_well else None


def _because(signal: DetectedSignal, kind: ReasonKind) -> DetectedSignal:
    seconds = BURST if kind is ReasonKind.MAY_PASS else 0.0
    return replace(signal, reason=replace(signal.reason, kind=kind, seconds=seconds))


def awaited(failure: Failure) -> ReasonKind | None:
    """What has to be waited for before the failure may be attributed to anything; ``None``: nothing."""
    state = failure.state
    if _hiccup(state):
        return ReasonKind.FIRST_SCRAPE
    if others_due(state):
        return ReasonKind.OTHER_PODS_DUE
    begun, old_pods = failure.onset, failure.old_pods
    if begun is None or old_pods is None:
        return None
    # Scrapes of pods that were never hit say nothing of those that are.
    if has_passed(state, begun) and not spread(state, begun).partial:
        return ReasonKind.WELL_AGAIN
    if may_pass(state, begun):
        return ReasonKind.MAY_PASS
    return ReasonKind.OLD_PODS_DUE if old_pods.due else None


def _hiccup(state: SignalState) -> bool:
    """Whether the first round of scrapes is all there is, and not bad enough to decide alone."""
    return state.first_round and (state.new.rate or 0.0) < scale_odds(state.bounds.bound, SWIFT)
