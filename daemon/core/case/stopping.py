"""How a case stops short of its aim: held in the middle of its plan, or with a recovery that is not shown."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case import plan
from daemon.core.case.case import Case, Phase
from daemon.core.case.database import ALONE
from daemon.core.case.edits import announce, change, ended, finished, withdrawn
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.holding import hold
from daemon.core.case.open_request import with_what_is_left
from daemon.core.case.returning import resuming
from daemon.core.policy import Policy


def not_applied(case: Case, policy: Policy, now: datetime) -> Case:
    """A step is intended and was not accepted yet: that cannot go on for ever unsaid."""
    intended = case.pending_step
    deadline = policy.rollback_deadline + (plan.allowance(intended) if intended is not None else 0.0)
    if intended is None or intended.review or case.status.attended < deadline:
        # People take the time that they need; the case says what it waits for.
        return case
    span, what = f"{deadline:.0f} s", plan.noun(intended)
    if intended.database is not None:
        why = intended.detail or "see the daemon's log for the answers"
        text = f"held, {what} did not come to an end within {span} ({why}); {ALONE}"
        return stopped(case, text, policy, now)
    if plan.STEPS[intended.kind].dispensable(intended):
        detail = intended.detail or f"not accepted for {span}"
        # The plan goes on, and what is next has all its time.
        return change(finished(case, intended, EffectOutcome.REFUSED, detail, now), attended=0.0)
    if intended.detail:
        case = finished(case, intended, EffectOutcome.REFUSED, intended.detail, now)
        why = f"held, {what} was not allowed for {span}: {intended.detail}"
        return stopped(case, f"{why}; mend that, then approve", policy, now)
    why = f"{what} could not be applied for {span}"
    if intended.kind == "rollback":
        why = f"the rollback to {case.status.target} could not be applied for {span}"
    case = resuming(withdrawn(case, why, now), now)
    text = f"{why}; see the daemon's log for the answers"
    return unrecovered(case, with_account(case, text), policy, now)


def stopped(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    """Held in the middle of its plan: what was not done is struck, and both are said."""
    case = resuming(withdrawn(case, reason, now), now)
    return hold(case, with_what_is_left(case, with_account(case, reason)), policy, now)


def with_account(case: Case, text: str) -> str:
    account = plan.account(case)
    return f"{text}; {account}" if account else text


def unrecovered(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    text = with_what_is_left(case, reason)
    return announce(ended(case, Phase.UNRECOVERED, text, now), "updated", policy, now)
