"""Is a failure a change of configuration's doing? The same pods are compared, before the change and after it.

A rollout has old pods beside the new ones, or had them; here every running pod sees the change, so nothing
else tells whether something happened at the same time. So the failure must be seen to begin when pods begin
to see the change, after a time in which the same pods were well. Where that cannot be told, it is left open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from daemon.core.assessment import Attribution, Fact
from daemon.core.attribution.failure import Failure, earliest
from daemon.core.attribution.finding import Finding, Witness
from daemon.core.attribution.moment_of_change import well_until
from daemon.core.statistics.change_point import Onset
from daemon.core.thresholds import LAG
from daemon.core.value import Value


class Reach(Value, frozen=True):
    """When pods see the change: from ``changed_at`` on, and all of them that run by ``seen_by`` (Unix
    seconds). ``mounted``: running pods see it; otherwise those in ``started`` alone, which began with it.
    """

    changed_at: float
    seen_by: float
    mounted: bool
    started: Collection[str] = ()
    """Pods that were made since."""
    at: float = 0.0
    """When it was looked at."""


def of_change(found: Finding, failing: Sequence[Failure], facts: Sequence[Fact], reach: Reach) -> Finding:
    """The cause of a failure, where ``found`` is what the other witnesses say of it."""
    if found.witness is Witness.BEFORE_ROLLOUT:
        # Its own words are of a rollout, and of old pods that are not there.
        return Finding(witness=Witness.BEFORE_CHANGE, reason=_before(earliest(failing), reach))
    if found.cause is not Attribution.DEPLOYMENT:
        return found
    begun = earliest(failing)
    if failing and reach.mounted:
        return _in_time(failing, begun, reach)
    return _of_pods(facts, reach) if facts else _after(begun, reach)


def _before(begun: Onset | None, reach: Reach) -> str:
    known = begun is not None and begun.high < reach.changed_at
    ago = f"{reach.changed_at - begun.high:.0f} s " if begun is not None and known else ""
    return f"the failure began {ago}before the configuration was changed"


def _in_time(failing: Sequence[Failure], begun: Onset | None, reach: Reach) -> Finding:
    unknown = [f.state.policy.title for f in failing if f.state.baseline.tally.total <= 0]
    if unknown:
        reason = f"nothing is known of {', '.join(unknown)} before the configuration was changed"
        return Finding(witness=Witness.NO_COMPARISON, reason=reason)
    if begun is None:
        reason = "when the failure began cannot be told, and so not whether the change came first"
        return Finding(witness=Witness.NO_COMPARISON, reason=reason)
    if not all(well_until(f.state, f.onset or begun, reach.changed_at) for f in failing):
        ago = reach.changed_at - begun.low
        reason = f"the failure may have begun up to {ago:.0f} s before the configuration was changed"
        witness = Witness.BEFORE_CHANGE if begun.high < reach.changed_at else Witness.NO_COMPARISON
        return Finding(witness=witness, reason=reason)
    if begun.high > reach.seen_by + LAG:
        reason = f"the failure began {begun.high - reach.seen_by:.0f} s after every pod had seen the change"
        return Finding(witness=Witness.LONG_AFTER, reason=reason)
    return _after(begun, reach)


def _of_pods(facts: Sequence[Fact], reach: Reach) -> Finding:
    """Only the pods' own state speaks: those that started with the change, or ran on and failed in time."""
    running = {pod for fact in facts for pod in fact.pods} - {*reach.started}
    if running and reach.at > reach.seen_by + 2 * LAG:
        reason = f"{', '.join(sorted(running))} failed long after every pod had seen the change"
        return Finding(witness=Witness.LONG_AFTER, reason=reason)
    who = "pods that were well before fail" if running else "only pods that started since fail"
    return Finding(witness=Witness.CHANGE, reason=f"{who}, and nothing else is known to have changed")


def _after(begun: Onset | None, reach: Reach) -> Finding:
    if begun is None or not reach.mounted:
        reason = "only pods that started with the change are hit"
        return Finding(witness=Witness.CHANGE, reason=reason)
    low, high = (max(0.0, edge - reach.changed_at) for edge in (begun.low, begun.high))
    reason = f"the same pods were well before, and fail since {low:.0f} to {high:.0f} s after the change"
    return Finding(witness=Witness.CHANGE, reason=reason)
