"""The state machine: ``advance(case, event, policy, now)`` returns the case as it is after the event.

Effects are not returned beside the case, they are *in* it, as intended: what is to be done cannot be
forgotten between deciding and doing, and whoever finds the case goes on. A function per phase; none of
them knows the clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec

from daemon.core import facts
from daemon.core.case import (
    Assessment,
    Attribution,
    Case,
    Effect,
    Instruction,
    Outcome,
    Phase,
    Verdict,
    Verification,
)
from daemon.core.changes import announce, change, ended, enter, noted, seconds, told, withdrawn
from daemon.core.model import Alert, Mode, Policy, Revision, Value, Workload
from daemon.core.target import Choice

KEPT_ALERTS = 50


class Observed(Value, frozen=True):
    """The world as the engine sees it now. ``workload`` is ``None`` when the Deployment is gone."""

    workload: Workload | None
    assessment: Assessment
    choice: Choice
    verification: Verification | None = None
    recent_rollbacks: int = 0


class Finished(Value, frozen=True):
    """An effect came to its end."""

    effect: str
    outcome: Outcome
    detail: str


class Alerted(Value, frozen=True):
    alert: Alert


class Instructed(Value, frozen=True):
    instruction: Instruction


Event = Observed | Finished | Alerted | Instructed


def advance(case: Case, event: Event, policy: Policy, now: datetime) -> Case:
    """The case after an event. Total: an event that means nothing in this phase changes nothing."""
    match event:
        case Observed():
            return _observed(case, event, policy, now)
        case Finished():
            return _finished(case, event, policy, now)
        case Alerted():
            return _alerted(case, event.alert, now)
        case Instructed():
            return _instructed(case, event.instruction, policy, now)
    assert_never(event)


# ---------------------------------------------------------------- observations


def _observed(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    if not case.active:
        return case
    gone = _taken_over(case, seen.workload)
    if gone:
        return _superseded(case, gone, policy, now)
    match case.phase:
        case Phase.PROGRESSING | Phase.WATCHING:
            return _watching(_judged(case, seen.assessment), seen, policy, now)
        case Phase.FAILING:
            return _failing(case, seen, policy, now)
        case Phase.HELD:
            return _held(case, seen, policy, now)
        case Phase.AWAITING_APPROVAL:
            return case
        case Phase.ROLLING_BACK:
            return _rolling_back(case, seen, policy, now)
        case Phase.VERIFYING:
            return _verifying(case, seen, policy, now)
        case Phase.HEALTHY | Phase.ROLLED_BACK | Phase.UNRECOVERED | Phase.SUPERSEDED | Phase.ADVISED:
            return case
    assert_never(case.phase)


def _taken_over(case: Case, workload: Workload | None) -> str:
    """Why the case is no longer about what runs, or nothing."""
    if workload is None:
        return f"the Deployment {case.ref} was deleted"
    if workload.uid != case.spec.workload_uid:
        return f"the Deployment {case.ref} was deleted and made anew"
    current = workload.current
    if current is None or current.same_rollout(case.spec.revision):
        return ""
    target = case.status.target
    returning = case.phase in (Phase.ROLLING_BACK, Phase.VERIFYING)
    if returning and target is not None and current.replica_set_uid == target.replica_set_uid:
        return ""
    return f"{current} took over while this one was {case.phase.value}"


def _superseded(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    case = ended(withdrawn(case, reason, now), Phase.SUPERSEDED, reason, now)
    return announce(case, "closed", policy, now) if told(case) else case


def _judged(case: Case, assessment: Assessment) -> Case:
    return change(case, assessment=assessment, verdict=assessment.verdict, reason=assessment.reason)


def _watching(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    if seen.assessment.verdict is Verdict.FAILING:
        case = change(
            enter(case, Phase.FAILING, seen.assessment.reason, now), failing_at=now, mode=policy.mode
        )
        return announce(case, "opened", policy, now)
    if case.phase is Phase.PROGRESSING:
        return _progressing(case, seen, now)
    if seconds(case.status.watch_from, now) >= policy.watch:
        return _passed(case, seen.assessment, policy, now)
    return case


def _progressing(case: Case, seen: Observed, now: datetime) -> Case:
    workload = seen.workload
    if workload is None or workload.current is None or not workload.status.complete:
        return case
    return noted(change(case, phase=Phase.WATCHING, watch_from=now), "the rollout is complete", now)


def _passed(case: Case, assessment: Assessment, policy: Policy, now: datetime) -> Case:
    minutes = f"watched for {policy.watch / 60:.3g} min"
    if assessment.proven:
        reason, proven = f"{minutes}: {assessment.reason}", True
    else:
        reason, proven = f"{minutes}, no sign of failure but health is unproven: {assessment.reason}", False
    return change(ended(case, Phase.HEALTHY, reason, now), proven=proven)


def _failing(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """Decide what the failing verdict leads to; every refusal says why."""
    assessment = case.status.assessment or seen.assessment
    reason, target = assessment.reason, seen.choice.revision
    case = change(case, target=target)
    if assessment.attribution is not Attribution.DEPLOYMENT:
        return _hold(case, f"held, not laid to the release: {assessment.attribution_reason}", policy, now)
    if target is None:
        return _hold(case, f"held, nothing to return to: {seen.choice.reason}", policy, now)
    match policy.mode:
        case Mode.ADVISE:
            advice = f"would return to {target} ({seen.choice.reason}): {reason}"
            case = ended(case, Phase.ADVISED, advice, now)
            return announce(case, "updated", policy, now)
        case Mode.APPROVAL:
            text = f"waits for approval to return to {target}: {reason}"
            case = enter(case, Phase.AWAITING_APPROVAL, text, now)
            return announce(case, "updated", policy, now)
        case Mode.AUTOMATIC:
            if seen.recent_rollbacks >= policy.max_rollbacks:
                text = f"held, {seen.recent_rollbacks} rollbacks of this workload in 24 hours are enough"
                return _hold(case, text, policy, now)
            return _begin(case, target, f"returning to {target}: {reason}", policy, now)
    assert_never(policy.mode)


def _hold(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    return announce(enter(case, Phase.HELD, reason, now), "updated", policy, now)


def _begin(case: Case, target: Revision, reason: str, policy: Policy, now: datetime) -> Case:
    tries = sum(effect.kind == "rollback" for effect in case.status.effects)
    effect = Effect(id=f"rollback/{tries + 1}", kind="rollback", intended_at=now)
    case = change(case, target=target, effects=(*case.status.effects, effect), finished_at=None)
    return announce(enter(case, Phase.ROLLING_BACK, reason, now), "updated", policy, now)


def _held(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """A hold of the daemon's own ends when the evidence changes sides; a person's hold does not."""
    case = change(case, target=case.status.target or seen.choice.revision)
    by_person = case.status.obeyed is not None and case.status.obeyed.action == "hold"
    new = seen.assessment
    was = case.status.assessment
    cleared = (
        was is not None
        and was.attribution is not Attribution.DEPLOYMENT
        and new.verdict is Verdict.FAILING
        and new.attribution is Attribution.DEPLOYMENT
    )
    if cleared and not by_person:
        case = change(case, assessment=new, verdict=new.verdict)
        return enter(case, Phase.FAILING, f"now laid to the release: {new.attribution_reason}", now)
    if seconds(case.status.watch_from or case.spec.opened_at, now) >= policy.watch:
        return change(noted(case, "the watch is over, still held", now), finished_at=now)
    return case


def _rolling_back(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    workload, target, patched = seen.workload, case.status.target, case.status.patched_at
    if patched is None or target is None or workload is None:
        return case
    current = workload.current
    if current is None or current.replica_set_uid != target.replica_set_uid:
        return case
    if workload.status.complete:
        text = f"the rollback's rollout is complete ({workload.status}); proving the recovery"
        case = change(enter(case, Phase.VERIFYING, text, now), rolled_out_at=now)
        return announce(case, "updated", policy, now)
    if workload.status.deadline_exceeded or seconds(patched, now) >= policy.rollback_deadline:
        why = facts.diagnosis(workload, target)
        return _unrecovered(case, f"the rollback to {target} is stuck: {why}", policy, now)
    return case


def _verifying(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    found = seen.verification
    if found is None:
        return case
    case = change(case, verification=found)
    if found.contradicted:
        return _unrecovered(case, found.contradicted, policy, now)
    if found.recovered:
        after = seconds(case.status.failing_at, now)
        text = f"recovered on {case.status.target}, {after:.0f} s after the decision"
        return announce(ended(case, Phase.ROLLED_BACK, text, now), "closed", policy, now)
    if seconds(case.status.rolled_out_at, now) >= policy.verify_deadline:
        text = f"rolled back, but the recovery could not be proven: {found.missing}"
        return _unrecovered(case, text, policy, now)
    return case


def _unrecovered(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    return announce(ended(case, Phase.UNRECOVERED, reason, now), "updated", policy, now)


# ---------------------------------------------------------------- the other events


def _finished(case: Case, event: Finished, policy: Policy, now: datetime) -> Case:
    effect = next((e for e in case.pending if e.id == event.effect), None)
    if effect is None:
        return case
    done = msgspec.structs.replace(effect, finished_at=now, outcome=event.outcome, detail=event.detail)
    case = change(case, effects=tuple(done if e.id == effect.id else e for e in case.status.effects))
    if effect.kind == "publish" or case.phase is not Phase.ROLLING_BACK:
        return case
    match event.outcome:
        case Outcome.DONE:
            return noted(change(case, patched_at=now), event.detail, now)
        case Outcome.SUPERSEDED:
            return _superseded(case, event.detail, policy, now)
        case Outcome.REFUSED:
            return _hold(case, f"held, the rollback was refused: {event.detail}", policy, now)
    assert_never(event.outcome)


def _alerted(case: Case, alert: Alert, now: datetime) -> Case:
    known = {a.identity: a for a in case.status.alerts}
    before = known.get(alert.identity)
    if before == alert or (before is not None and before.status == "resolved"):
        return case
    known[alert.identity] = alert
    case = change(case, alerts=tuple(known.values())[-KEPT_ALERTS:])
    summary = f": {alert.summary}" if alert.summary else ""
    return noted(case, f"alert {alert.name} is {alert.status}{summary}", now)


def _instructed(case: Case, order: Instruction, policy: Policy, now: datetime) -> Case:
    if order == case.status.obeyed:
        return case
    case = change(case, obeyed=order)
    why = f" ({order.reason})" if order.reason else ""
    match order.action:
        case "approve":
            return _approved(case, f"approved by {order.by}{why}", policy, now)
        case "hold":
            stoppable = case.phase in (
                Phase.PROGRESSING, Phase.WATCHING, Phase.FAILING, Phase.AWAITING_APPROVAL, Phase.HELD,
            )  # fmt: skip
            if stoppable:
                return _hold(case, f"held by {order.by}{why}", policy, now)
            return noted(case, f"{order.by} asked to hold, too late in {case.phase.value}", now)
    assert_never(order.action)


def _approved(case: Case, text: str, policy: Policy, now: datetime) -> Case:
    waiting = case.phase in (Phase.AWAITING_APPROVAL, Phase.HELD, Phase.ADVISED)
    if not waiting:
        return noted(case, f"{text}, but a case in {case.phase.value} needs no approval", now)
    if case.status.target is None:
        return noted(case, f"{text}, but there is no revision to return to", now)
    return _begin(case, case.status.target, f"{text}, returning to {case.status.target}", policy, now)
