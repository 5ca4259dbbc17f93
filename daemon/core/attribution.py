"""Deployment or infrastructure? Asked only of a revision that is failing.

The control group is the rollout's own: while old pods still serve beside the new ones, whatever hits both
is not the release's doing.
"""

from __future__ import annotations

import math

from daemon.core.case import Attribution, Fact, SignalEvidence, Verdict
from daemon.core.counters import Tally
from daemon.core.evidence import clamp
from daemon.core.facts import old_pods_crash, unschedulable
from daemon.core.model import Revision, Workload

CRASHES = frozenset({"CrashLoopBackOff", "OOMKilled"})


def attribute(
    workload: Workload, judged: Revision, signals: tuple[SignalEvidence, ...], facts: tuple[Fact, ...]
) -> tuple[Attribution, str]:
    """The cause that the evidence speaks for, and why."""
    if any(fact.kind in CRASHES for fact in facts) and (other := old_pods_crash(workload, judged)):
        return Attribution.INFRASTRUCTURE, f"pod {other} of another revision crashes as well"
    stuck = bool(facts) and all(fact.kind == "ProgressDeadlineExceeded" for fact in facts)
    if stuck and (words := unschedulable(workload, judged)):
        return Attribution.UNDECIDED, f"the new pods find no node: {words}"
    for signal in signals:
        if signal.verdict is Verdict.FAILING and shares(signal.new, signal.old, signal.baseline):
            return (
                Attribution.INFRASTRUCTURE,
                f"the old pods fail alike since the rollout began: {signal.name} {signal.old}, "
                f"before it {signal.baseline}",
            )
    return Attribution.DEPLOYMENT, "only the new revision's pods are hit"


def shares(new: Tally, old: Tally, baseline: Tally) -> bool:
    """Whether the old pods look more like the failing new ones than like themselves before.

    The sign of the log likelihood ratio of two Bernoulli rates on the old pods' counts; without requests to
    old pods there is nothing that speaks for it.
    """
    if new.rate is None or old.total <= 0:
        return False
    alike, usual = clamp(new.rate), clamp(max(baseline.rate or 0.0, 0.001))
    if alike <= usual:
        return True
    good = old.total - old.bad
    return old.bad * math.log(alike / usual) + good * math.log((1 - alike) / (1 - usual)) > 0
