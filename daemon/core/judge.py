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

from daemon.core.attribution import attribute
from daemon.core.case import Assessment, Attribution, Fact, SignalEvidence, Verdict
from daemon.core.counters import Tally, percent
from daemon.core.evidence import log_better, log_worse, scale_odds, thinned, upper_rate
from daemon.core.model import Policy, Revision, SignalPolicy, Value, Workload

FAMILY_ALPHA = 0.01
LIMIT_ALPHA = 0.05
"""Of the test against the limit; it may be milder, for the test against the baseline stands beside it."""
PROOF_ALPHA = 0.05
"""Of the claim that a rate is under its limit."""


class SignalView(Value, frozen=True):
    """What was counted of one signal: the judged pods, the others since then, and the time before.

    ``baseline`` is ``None`` until the history could be read. ``problem`` is why the last look told nothing.
    """

    new: Tally = Tally()
    old: Tally = Tally()
    baseline: Tally | None = None
    dispersion: float = 1.0
    problem: str = ""


def bound_of(policy: SignalPolicy, baseline_upper: float, baseline_rate: float | None) -> float:
    """The rate that counts as too much: the limit, or above it what the baseline had, times the factor."""
    if policy.baseline == "ignore" or baseline_rate is None or baseline_rate <= policy.limit:
        return policy.limit
    return scale_odds(baseline_upper, policy.factor)


def judge_signal(policy: SignalPolicy, view: SignalView, alpha: float) -> SignalEvidence:
    """One signal's verdict; ``alpha`` bounds the chance of a false ``failing`` over the whole watch."""
    before = (view.baseline or Tally()) + view.old
    compared = policy.baseline != "ignore" and before.total > 0
    upper = upper_rate(before, alpha / 2) if compared else policy.limit
    bound = bound_of(policy, upper, before.rate if compared else None)
    new = thinned(view.new, view.dispersion)
    over_limit = log_worse(new, bound)
    over_baseline = log_worse(new, upper)
    # Without a baseline the limit is the only yardstick, and has to carry the strict level alone.
    limit_level = LIMIT_ALPHA if compared else alpha
    crossed_limit = over_limit >= math.log(1 / limit_level)
    crossed_baseline = not compared or over_baseline >= math.log(2 / alpha)
    proven = log_better(new, policy.limit, before.rate or 0.0) >= math.log(1 / PROOF_ALPHA)
    verdict, reason = _verdict(policy, view, compared, crossed_limit, crossed_baseline)
    return SignalEvidence(
        name=policy.name,
        verdict=verdict,
        reason=reason,
        limit=policy.limit,
        new=view.new,
        old=view.old,
        baseline=view.baseline or Tally(),
        over_limit=over_limit / math.log(10),
        over_baseline=over_baseline / math.log(10) if compared else 0.0,
        proven=proven and verdict is Verdict.HEALTHY,
    )


def _verdict(
    policy: SignalPolicy, view: SignalView, compared: bool, crossed_limit: bool, crossed_baseline: bool
) -> tuple[Verdict, str]:
    against = f"{policy.title} {view.new}, limit {percent(policy.limit)}, {_before(view, compared)}"
    if view.baseline is None:
        return Verdict.UNKNOWN, view.problem or "the time before the rollout is not read yet"
    if policy.baseline == "require" and not compared:
        return Verdict.UNKNOWN, f"{policy.title}: no traffic before the rollout to compare with"
    if crossed_limit and crossed_baseline:
        return Verdict.FAILING, against
    if view.problem:
        return Verdict.UNKNOWN, view.problem
    if view.new.total <= 0:
        return Verdict.UNKNOWN, f"{policy.title}: no requests reached the new pods"
    if compared and crossed_baseline:
        return Verdict.DEGRADED, f"{against}: worse than before, but not shown to be over the limit"
    if crossed_limit:
        return Verdict.DEGRADED, f"{against}: over the limit, but not shown to be worse than before"
    return Verdict.HEALTHY, against


def _before(view: SignalView, compared: bool) -> str:
    if not compared:
        return "nothing to compare with"
    return f"before {(view.baseline or Tally()) + view.old}"


def assess(
    workload: Workload,
    judged_facts: tuple[Fact, ...],
    views: Mapping[str, SignalView],
    policy: Policy,
    judged: Revision,
) -> Assessment:
    """The verdict on a revision from its rollout facts and its signals, with the cause it is laid to."""
    alpha = FAMILY_ALPHA / max(1, len(policy.signals))
    signals = tuple(
        judge_signal(signal, views.get(signal.name, SignalView()), alpha) for signal in policy.signals
    )
    verdict, reason = _overall(signals, judged_facts)
    cause, why = Attribution.UNDECIDED, ""
    if verdict is Verdict.FAILING:
        cause, why = attribute(workload, judged, signals, judged_facts)
    return Assessment(
        verdict=verdict,
        reason=reason,
        signals=signals,
        facts=judged_facts,
        attribution=cause,
        attribution_reason=why,
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
    return Verdict.HEALTHY, "; ".join(signal.reason for signal in signals)
