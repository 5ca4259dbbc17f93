"""The judge: did this revision break the service, and whose doing is it?

A straight pipe of three stages, each asked once in a look:

1. :func:`~daemon.core.judge.detection.detect`: do the counts and the rollout facts speak of a failure?
2. :func:`~daemon.core.judge.confirmation.confirm`: does it stand, or is a second look waited for?
3. :func:`~daemon.core.attribution.cause.attribute`: is it the release's doing? Asked of what is failing
   alone, with surroundings that may be costly to learn: whoever has to ask for them does so between 2 and 3.

:func:`conclude` puts the answers together; :func:`assess` is the whole, where the surroundings are known.
What cannot be told is ``unknown``, which neither triggers anything nor counts as health.

Error budget of one watch (family-wise 1 %): each of the signals gets an equal part of ``FAMILY_ALPHA``, of
which one half covers the baseline's upper bound and one half the test against that bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from daemon.core.assessment import Assessment, Attribution, Fact, SignalEvidence, Verdict
from daemon.core.attribution.cause import Scene, attribute
from daemon.core.attribution.finding import Finding
from daemon.core.judge.confirmation import Confirmed, confirm, confirm_signal
from daemon.core.judge.detection import DetectedSignal, SignalView, detect, detect_signal
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.baseline import total
from daemon.core.signals.startup import Start, start_of
from daemon.core.signals.state import SignalState
from daemon.core.statistics.counts import thinned
from daemon.core.statistics.likelihood import shown_better
from daemon.core.thresholds import DECADE, FAMILY_ALPHA, PROOF_LEVEL, SUSPICION


def alpha_of(policy: Policy) -> float:
    """The chance of a false conviction that each signal may take in a watch."""
    return FAMILY_ALPHA / max(1, len(policy.signals))


def assess(
    scene: Scene, judged_facts: tuple[Fact, ...], views: Mapping[str, SignalView], policy: Policy
) -> Assessment:
    """The verdict on a revision from its rollout facts and its signals, with the cause of a failure."""
    confirmed = confirm(detect(policy, views, judged_facts))
    if confirmed.verdict is not Verdict.FAILING:
        return conclude(confirmed)
    return conclude(confirmed, attribute(confirmed.failing, confirmed.facts, scene))


def conclude(confirmed: Confirmed, finding: Finding | None = None) -> Assessment:
    """The judge's answer; ``finding`` is the cause of a failure, where there is one."""
    signals = tuple([evidence_of(signal) for signal in confirmed.signals])
    asked = [found for signal, found in zip(confirmed.signals, signals, strict=True) if not signal.spared]
    return Assessment(
        verdict=confirmed.verdict,
        reason=_sentence(confirmed.verdict, signals, confirmed.facts),
        signals=signals,
        facts=confirmed.facts,
        attribution=finding.cause if finding is not None else Attribution.UNDECIDED,
        attribution_reason=finding.reason if finding is not None else "",
        onset=confirmed.onset,
        proven=bool(asked) and all(signal.proven for signal in asked),
    )


def _sentence(verdict: Verdict, signals: Sequence[SignalEvidence], facts: Sequence[Fact]) -> str:
    """What the verdict rests on: the facts, and the signals that have it themselves."""
    said = [f"{fact.kind}: {fact.detail}" for fact in facts[:2]]
    said += [signal.reason for signal in signals if signal.verdict is verdict]
    return (
        "; ".join(dict.fromkeys(said)) or "no signal is configured, and the rollout facts alone prove nothing"
    )


def judge_signal(policy: SignalPolicy, view: SignalView) -> SignalEvidence:
    """One signal's verdict, with the numbers it rests on."""
    signal, _ = confirm_signal(detect_signal(policy, view))
    return evidence_of(signal)


def evidence_of(signal: DetectedSignal) -> SignalEvidence:
    """The signal's verdict and its reason in words, with the numbers they rest on."""
    policy, state, verdict, reason = signal.policy, signal.state, signal.verdict, str(signal.reason)
    if state is None:
        return SignalEvidence(name=policy.name, verdict=verdict, reason=reason, limit=policy.limit)
    bounds = state.bounds
    return SignalEvidence(
        name=policy.name,
        verdict=verdict,
        reason=reason,
        limit=policy.limit,
        new=state.new,
        old=state.old,
        baseline=state.baseline.tally,
        over_limit=state.over_limit / DECADE,
        over_baseline=state.over_baseline / DECADE,
        limit_line=bounds.limit_level / DECADE,
        baseline_line=bounds.baseline_level / DECADE if bounds.compared else 0.0,
        dispersion=state.baseline.dispersion,
        trail=state.trail,
        proven=verdict is Verdict.HEALTHY and proven(state),
    )


def proven(state: SignalState) -> bool:
    """Whether the requests were enough to show that the rate is under the limit, and still is."""
    if state.over_limit > SUSPICION:
        return False
    new = thinned(state.new.at_worst, state.baseline.dispersion)
    expected = state.before.rate or 0.0
    return shown_better(new, state.policy.limit, expected, PROOF_LEVEL)


def starts_of(states: Collection[SignalState]) -> tuple[Start, ...]:
    """How the pods started, by each signal that tells; nothing unless all show them to be well after that."""
    if not states or not all(_well_once_started(state) for state in states):
        return ()
    found = [start_of(state.policy.name, state.young) for state in states]
    return tuple([start for start in found if start is not None])


def _well_once_started(state: SignalState) -> bool:
    """Whether the pods are shown to be under the limit since they were young, whatever was before."""
    settled = state.new.without(total(state.young)).at_worst
    usual = state.before.rate or 0.0
    return shown_better(thinned(settled, state.baseline.dispersion), state.policy.limit, usual, PROOF_LEVEL)
