"""The judge: did this revision break the service?

Per signal two sequential tests must both be convinced before a revision counts as failing: one that its
rate of bad events is over the operator's limit, and a stricter one that it is over the baseline's, with
the baseline's own uncertainty. A healthy release has to fool both. What cannot be told is ``unknown``,
which neither triggers anything nor counts as health.

Error budget of one watch (family-wise 1 %): each of the signals gets an equal part of ``FAMILY_ALPHA``, of
which one half covers the baseline's upper bound and one half the test against that bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from daemon.core.assessment import Assessment, Attribution, Fact, SignalEvidence, Verdict
from daemon.core.attribution.cause import Finding, Scene, attribute, awaited
from daemon.core.attribution.failure import Failure
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.baseline import CLUMPS
from daemon.core.signals.state import BASELINE, LIMIT, SignalState
from daemon.core.statistics.counts import percent, thinned
from daemon.core.statistics.likelihood import log_worse, scale_odds, shown_better

FAMILY_ALPHA = 0.01
PROOF_ALPHA = 0.05
"""Of the claim that a rate is under its limit."""
_PROOF = math.log(1 / PROOF_ALPHA)
_DECADE = math.log(10)
SUSPICION = math.log(3)
"""Evidence (nats) over the limit that forbids the claim of health."""
SWIFT = 2.2
"""Odds ratio to the bound that the first round of scrapes must show to decide alone. Less is one hiccup at a
start as often as a failure, and one more scrape tells them apart."""


@dataclass(frozen=True, eq=False)
class SignalView:
    """What one look knows of one signal; ``state`` is ``None`` until the history could be read.

    ``problem`` is why the last look told nothing.
    """

    state: SignalState | None = None
    problem: str = ""

    @cached_property
    def failure(self) -> Failure | None:
        """Its failure, if it is one."""
        return Failure(self.state) if self.state is not None else None


def alpha_of(policy: Policy) -> float:
    """The chance of a false conviction that each signal may take in a watch."""
    return FAMILY_ALPHA / max(1, len(policy.signals))


def judge_signal(policy: SignalPolicy, view: SignalView) -> SignalEvidence:
    """One signal's verdict, with the numbers it rests on."""
    failure = view.failure
    if failure is None:
        reason = view.problem or "the time before the rollout is not read yet"
        return SignalEvidence(name=policy.name, verdict=Verdict.UNKNOWN, reason=reason, limit=policy.limit)
    verdict, reason = _verdict(failure, view.problem)
    state, bounds = failure.state, failure.state.bounds
    return SignalEvidence(
        name=policy.name,
        verdict=verdict,
        reason=reason,
        limit=policy.limit,
        new=state.new,
        old=state.old,
        baseline=state.baseline.tally,
        over_limit=state.over_limit / _DECADE,
        over_baseline=state.over_baseline / _DECADE,
        limit_line=bounds.limit_level / _DECADE,
        baseline_line=bounds.baseline_level / _DECADE if bounds.compared else 0.0,
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
    return shown_better(new, state.policy.limit, expected, _PROOF)


def _verdict(failure: Failure, problem: str) -> tuple[Verdict, str]:
    state = failure.state
    policy, bounds, new = state.policy, state.bounds, state.new
    if policy.baseline == "require" and not bounds.compared:
        return Verdict.UNKNOWN, f"{policy.title}: no traffic before the rollout to compare with"
    if (_over_limit(state) and _over_baseline(state)) or state.cold.log_e() >= bounds.baseline_level:
        return _failing(failure)
    if problem:
        return Verdict.UNKNOWN, problem
    if new.total <= 0:
        return Verdict.UNKNOWN, f"{policy.title}: no requests reached the new pods"
    if state.process.first_at is None:
        return Verdict.UNKNOWN, f"{against(state)}: no pod has outlived its warm-up of {policy.warmup:g} s"
    over = looks_over(state)
    if over and shared(failure):
        return _failing(failure)
    if doubt := _doubt(state, over):
        return Verdict.DEGRADED, f"{against(state)}: {doubt}"
    if new.unclear > 0 and (new.at_worst.rate or 0.0) > bounds.bound >= (new.rate or 0.0):
        return Verdict.UNKNOWN, f"{against(state)}: the histogram's buckets leave open whether it is over it"
    return Verdict.HEALTHY, against(state)


def _over_limit(state: SignalState) -> bool:
    return state.process.log_e(LIMIT) >= state.bounds.limit_level


def _over_baseline(state: SignalState) -> bool:
    return not state.bounds.compared or state.process.log_e(BASELINE) >= state.bounds.baseline_level


def _doubt(state: SignalState, over: bool) -> str:
    """What speaks against health without being enough for failure; empty: nothing."""
    if state.bounds.compared and _over_baseline(state):
        return "worse than before, but not shown to be over the limit"
    if _over_limit(state):
        return "over the limit, but not shown to be worse than before"
    if not over:
        return ""
    if state.bounds.bound > state.policy.limit:
        return "over the limit, as it was before"
    if state.baseline.dispersion > CLUMPS:
        return "over the limit, but the time before was too uneven to compare with"
    return "over the limit on the whole, but not for long enough to tell"


def looks_over(state: SignalState) -> bool:
    """Whether the requests so far show the operator's limit exceeded, whatever the time before was like."""
    limit = state.policy.limit
    if (state.new.rate or 0.0) <= limit:
        return False
    seen = thinned(state.new, min(state.baseline.dispersion, CLUMPS))
    return log_worse(seen, limit) >= state.bounds.limit_level


def shared(failure: Failure) -> bool:
    """Whether the service as a whole went bad, old pods with new ones: a failure, and not the release's."""
    found = failure.old_pods.blamed if failure.old_pods is not None else None
    return found is not None and found[0] is Attribution.INFRASTRUCTURE


def _failing(failure: Failure) -> tuple[Verdict, str]:
    """Enough evidence; what may still be missing is a second look."""
    state = failure.state
    swift = scale_odds(state.bounds.bound, SWIFT)
    if state.first_round and (state.new.rate or 0.0) < swift:
        return Verdict.DEGRADED, f"{against(state)}: over it in the first scrape, one more is waited for"
    if why := awaited(failure):
        return Verdict.DEGRADED, f"{against(state)}: over it, {why}"
    return Verdict.FAILING, against(state)


def against(state: SignalState) -> str:
    """The numbers as a sentence."""
    policy = state.policy
    limit = f"{policy.title} {state.new}, limit {_limit(policy.limit)}"
    return f"{limit}, {state.before_words}" if state.bounds.compared else f"{limit}, nothing to compare with"


_limit = lru_cache(maxsize=256)(percent)
"""The same few each time."""


def assess(
    scene: Scene, judged_facts: tuple[Fact, ...], views: Mapping[str, SignalView], policy: Policy
) -> Assessment:
    """The verdict on a revision from its rollout facts and its signals, with the cause of a failure."""
    signals = tuple([judge_signal(signal, views.get(signal.name, SignalView())) for signal in policy.signals])
    verdict, reason = _overall(signals, judged_facts)
    finding = Finding(cause=Attribution.UNDECIDED, reason="")
    if verdict is Verdict.FAILING:
        failing = [
            failure
            for signal in signals
            if signal.verdict is Verdict.FAILING and (failure := views[signal.name].failure) is not None
        ]
        finding = attribute(failing, judged_facts, scene)
    return Assessment(
        verdict=verdict,
        reason=reason,
        signals=signals,
        facts=judged_facts,
        attribution=finding.cause,
        attribution_reason=finding.reason,
        onset=finding.onset,
        proven=bool(signals) and all(signal.proven for signal in signals),
    )


def _overall(signals: tuple[SignalEvidence, ...], judged_facts: tuple[Fact, ...]) -> tuple[Verdict, str]:
    failing = [f"{fact.kind}: {fact.detail}" for fact in judged_facts[:2]]
    failing += [signal.reason for signal in signals if signal.verdict is Verdict.FAILING]
    if failing:
        return Verdict.FAILING, "; ".join(failing)
    for verdict in (Verdict.DEGRADED, Verdict.UNKNOWN):
        reasons = [signal.reason for signal in signals if signal.verdict is verdict]
        if reasons:
            return verdict, "; ".join(dict.fromkeys(reasons))
    if not signals:
        return Verdict.UNKNOWN, "no signal is configured, and the rollout facts alone prove nothing"
    return Verdict.HEALTHY, "; ".join([signal.reason for signal in signals])
