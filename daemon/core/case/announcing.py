"""A rollback that people are told of before it begins, so that they can hold it.

The case is held until then as if by a guard: a person's hold stays, an approval acts at once, and when the
time is over everything is decided anew. Its end stands in the case, so that no restart puts it off.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.assessment import Attribution, Verdict
from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import announce, change, enter
from daemon.core.case.events import Observed
from daemon.core.case.guards.guard import ANNOUNCEMENT, Refusal
from daemon.core.policy import Policy


def announced_first(case: Case, aim: str, why: str, policy: Policy, now: datetime) -> Case | None:
    """The case whose plan is announced; ``None`` where it may begin. ``aim``: "return to revision 1"."""
    if not policy.announce or case.status.announced_until is not None:
        return None
    until = now + timedelta(seconds=policy.announce)
    refusal = Refusal(guard=ANNOUNCEMENT, reason="people are given time to hold it", until=until)
    text = f"will {aim} at {until:%H:%M:%S} UTC unless somebody holds it: {why}"
    case = change(enter(case, Phase.HELD, text, now), refusal=refusal, announced_until=until)
    return announce(case, "updated", policy, now)


def announced_still(case: Case, was: Refusal, seen: Observed, policy: Policy, now: datetime) -> Case:
    """The case once its time is over: decided anew where the release still fails, else held.

    What keeps the daemon from acting by then is asked where that is decided.
    """
    if was.until is not None and now < was.until:
        return case
    if due_to_release(seen):
        case = change(case, assessment=seen.assessment, verdict=seen.assessment.verdict)
        text = "nobody held it, and it still fails" if was.until is not None else "it is failing again"
        return enter(case, Phase.FAILING, f"{text}{_unheard(case)}", now)
    # Right after a restart, or while an answer is late, nothing is known for a moment.
    if was.until is None or case.status.attended < policy.announce + policy.stale_after:
        return case
    remedy = "until it is seen failing again, or a person approves"
    text = f"held, not done as announced, for it is not seen failing now: {seen.assessment.reason}"
    case = change(enter(case, Phase.HELD, text, now), announced_until=None)
    return announce(change(case, refusal=replace(was, until=None, remedy=remedy)), "updated", policy, now)


def due_to_release(seen: Observed) -> bool:
    """Whether the release is failing, and that is attributed to it."""
    new = seen.assessment
    return new.verdict is Verdict.FAILING and new.attribution is Attribution.DEPLOYMENT


def _unheard(case: Case) -> str:
    """Who could not be told in time: a sink that is down keeps no rollback."""
    late = [" ".join(filter(None, effect.place)) for effect in case.pending if effect.kind == "publish"]
    return f"; not told so far: {', '.join(dict.fromkeys(late))}" if late else ""
