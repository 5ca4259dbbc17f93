"""Holding a case: nothing is done, the reason is said, and what ends the hold."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from daemon.core.assessment import Attribution, Verdict
from daemon.core.case import plan, versions
from daemon.core.case.announcing import announced_still, due_to_release
from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import announce, change, ended, enter, judged, noted, told
from daemon.core.case.events import Observed
from daemon.core.case.guards.guard import ANNOUNCEMENT, Occasion, Refusal
from daemon.core.case.guards.registry import absolute, first_refusal
from daemon.core.policy import Policy, Unapproved


def hold(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    return announce(enter(case, Phase.HELD, reason, now), "updated", policy, now)


def guarded(case: Case, refusal: Refusal, policy: Policy, now: datetime) -> Case:
    """Held by a guard, which says why and until when."""
    case = change(case, announced_until=None)
    return change(hold(case, f"held, {refusal}", policy, now), refusal=refusal)


def occasion(case: Case, seen: Observed, policy: Policy, now: datetime) -> Occasion:
    """What the guards look at."""
    workload = seen.workload
    return Occasion(
        ref=case.ref,
        now=now,
        policy=policy,
        stop=workload.stop if workload is not None else None,
        pause=workload.pause if workload is not None else None,
        freeze=seen.freeze,
        rollbacks=seen.rollbacks,
    )


def held(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """A hold of the daemon's own ends when the evidence changes sides, or the guard that it is due to refuses
    no longer; a person's hold does not."""
    if case.status.target is None:
        case = versions.aimed(change(case, target=seen.choice.revision), seen)
    by_person = case.status.last_instruction is not None and case.status.last_instruction.action == "hold"
    new = seen.assessment
    if not by_person and _cleared(case, seen):
        case = change(case, assessment=new, verdict=new.verdict)
        what = "the change" if case.spec.in_place else "the release"
        return enter(case, Phase.FAILING, f"now attributed to {what}: {new.attribution_reason}", now)
    if not by_person:
        case = _passed_by_itself(case, seen, policy, now)
        if case.phase is not Phase.HELD:
            return case
    if case.status.refusal is not None and not by_person:
        still = announced_still if case.status.refusal.guard == ANNOUNCEMENT else _guarded_still
        case = still(case, case.status.refusal, seen, policy, now)
        if case.phase is not Phase.HELD:
            return case
    if case.status.failing_at is None and new.verdict is Verdict.FAILING:
        # Held by a person before anything was wrong: they must hear that now something is.
        case = change(judged(case, new), failing_at=now)
        text = f"{new.reason}; nothing is done, for it is held by {_holder(case)}"
        return announce(enter(case, Phase.HELD, text, now), "opened", policy, now)
    if case.status.attended >= policy.watch:
        return change(noted(case, "the watch is over, still held", now), finished_at=now)
    return case


def awaiting(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """An approval is waited for no longer than policy says, and never taken for given."""
    calmed = _passed_by_itself(case, seen, policy, now)
    if calmed.phase is not case.phase or not policy.approval_deadline:
        return calmed
    case = change(calmed, attended=case.status.attended + seen.elapsed)
    if case.status.attended < policy.approval_deadline:
        return case
    none, target = f"no approval came within {policy.approval_deadline:.0f} s", case.status.target
    match policy.unapproved:
        case Unapproved.HOLD:
            return hold(case, f"held, {none}: approve to return to {target} all the same", policy, now)
        case Unapproved.ADVISE:
            advice = ended(case, Phase.ADVISED, f"{none}; would return to {target}", now)
            return announce(advice, "updated", policy, now)
    assert_never(policy.unapproved)


def _passed_by_itself(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """The case watched anew, once its failure has not been seen for long enough for scrapes to show it again.

    Nothing was rolled back, so no recovery is claimed: a whole watch decides what becomes of the case. What
    was attributed to the release stays on its record, so that it is no revision to return to.
    """
    new, status = seen.assessment, case.status
    if new.verdict not in (Verdict.HEALTHY, Verdict.DEGRADED) or status.patched_at is not None:
        return case if status.calm_from is None else change(case, calm_from=None)
    at = status.attended + (seen.elapsed if case.phase is Phase.AWAITING_APPROVAL else 0.0)
    if status.calm_from is None:
        return change(case, calm_from=at)
    if at - status.calm_from < policy.stale_after:
        return case
    release = status.assessment is not None and status.assessment.attribution is Attribution.DEPLOYMENT
    done = plan.done(case)
    how = f"after {', '.join(done)}" if done else "by itself, nothing was done"
    text = f"the failure has passed {how}; watched anew: {new.reason}"
    case = change(judged(case, new), calm_from=None, failing_at=status.failing_at if release else None)
    case = change(case, announced_until=None)
    case = change(enter(case, Phase.WATCHING, text, now), watch_from=now)
    return announce(case, "updated", policy, now) if told(case) else case


def _cleared(case: Case, seen: Observed) -> bool:
    """Whether a failure that was not the release's is known to be by now."""
    was = case.status.assessment
    return was is not None and was.attribution is not Attribution.DEPLOYMENT and due_to_release(seen)


def _guarded_still(case: Case, was: Refusal, seen: Observed, policy: Policy, now: datetime) -> Case:
    """The case as its guards leave it now. It is decided anew where they refuse no longer and the release
    still fails; but what a person stopped, only a person sets going again."""
    refusal = first_refusal(occasion(case, seen, policy, now))
    if refusal is None and absolute(was.guard):
        text = "the emergency stop was taken off: approve to return to the target"
        return noted(change(case, refusal=None), text, now)
    if refusal is None and due_to_release(seen):
        case = change(case, assessment=seen.assessment, verdict=seen.assessment.verdict)
        return enter(case, Phase.FAILING, f"guard {was.guard} refuses no longer, and it still fails", now)
    if refusal is None or refusal == was:
        return case
    text = f"held, {refusal}"
    return noted(change(case, refusal=refusal, reason=text), text, now)


def _holder(case: Case) -> str:
    order = case.status.last_instruction
    return order.by if order is not None and order.action == "hold" else "the daemon"
