"""The state machine: ``advance(case, event, policy, now)`` returns the case as it is after the event.

Effects are not returned beside the case, they are *in* it, as intended: what is to be done cannot be
forgotten between deciding and doing, and whoever finds the case goes on. A function per phase; none of
them knows the clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from daemon.core.case import between_rollouts, holding, phases, plan, returning, settling, versions
from daemon.core.case.alert_record import Record, recorded, shortened
from daemon.core.case.case import APPROVABLE, Case, Phase
from daemon.core.case.edits import announce, attended, begun, change, finished, noted, noting
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import (
    Alerted,
    Begun,
    Event,
    Finished,
    Hindered,
    Instructed,
    Observed,
    Reviewed,
    Settling,
    Troubled,
    VersionRead,
)
from daemon.core.case.reviewing import merged_or_closed, waits
from daemon.core.case.rollback_target import outdated
from daemon.core.case.size import TEXT_BYTES, fitted
from daemon.core.case.stopping import stopped
from daemon.core.model import Alert
from daemon.core.policy import Policy


def advance(case: Case, event: Event, policy: Policy, now: datetime) -> Case:
    """The case after an event. Total: an event that means nothing in this phase changes nothing."""
    after = _after(case, event, policy, now)
    return after if after is case else fitted(after, policy.decisive_alerts)


def _after(case: Case, event: Event, policy: Policy, now: datetime) -> Case:
    match event:
        case Observed():
            return _observed(case, event, policy, now)
        case Finished():
            return _finished(case, event, policy, now)
        case Begun() | Reviewed() | Settling():
            return _goes_on(case, event, policy, now)
        case Hindered():
            return _hindered(case, event, policy, now)
        case Alerted():
            return _alerted(case, event.alerts, policy, now)
        case Instructed():
            return _instructed(case, event, policy, now)
        case Troubled():
            return between_rollouts.troubled(case, event.text, policy, now)
        case VersionRead():
            return versions.noted_version(case, event, now)
    assert_never(event)


def _observed(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    if not case.active:
        return case
    if seen.workload is not None and outdated(case, seen.workload):
        return case
    # What pods did before the patch is nothing to the recovery, whose record begins with it.
    unpatched = case.phase is Phase.ROLLING_BACK and case.status.patched_at is None
    case = returning.landed(attended(case, seen.elapsed), seen.workload, now)
    case = returning.restarted(case, seen.restarted, now)
    gone = phases.taken_over(case, seen.workload)
    if gone:
        return phases.superseded(case, gone, policy, now)
    if seen.edited is not None:
        text = seen.edited.text
        return phases.superseded(change(case, contents=seen.edited.contents), text, policy, now)
    undone = returning.applied_over(case, seen.workload)
    if undone:
        return stopped(case, undone, policy, now)
    return _in_phase(case if unpatched else change(case, pods=seen.pods), seen, policy, now)


def _in_phase(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    match case.phase:
        case Phase.PROGRESSING | Phase.WATCHING:
            return phases.watching(case, seen, policy, now)
        case Phase.FAILING:
            return phases.failing(case, seen, policy, now)
        case Phase.HELD:
            return holding.held(case, seen, policy, now)
        case Phase.AWAITING_APPROVAL:
            return holding.awaiting(case, seen, policy, now)
        case Phase.ROLLING_BACK:
            return phases.rolling_back(case, seen, policy, now)
        case Phase.VERIFYING:
            return phases.verifying(case, seen, policy, now)
        case Phase.HEALTHY | Phase.ROLLED_BACK | Phase.UNRECOVERED | Phase.SUPERSEDED | Phase.ADVISED:
            return case
    assert_never(case.phase)


def _finished(case: Case, event: Finished, policy: Policy, now: datetime) -> Case:
    effect = next((e for e in case.pending if e.id == event.effect), None)
    if effect is None:
        return case
    case = merged_or_closed(case, effect, event)
    effect = next(e for e in case.pending if e.id == event.effect)
    case = versions.decided(finished(case, effect, event.outcome, event.detail, now), event.version)
    if effect.kind == "resume-owner":
        return returning.resumed(case, effect, event, policy, now)
    if not effect.is_step or case.phase is not Phase.ROLLING_BACK:
        return case
    return _step_ended(change(case, before=event.before or case.status.before), effect, event, policy, now)


def _step_ended(case: Case, effect: Effect, event: Finished, policy: Policy, now: datetime) -> Case:
    marks = plan.STEPS[effect.kind].marks
    match event.outcome:
        case EffectOutcome.DONE if marks:
            return returning.patched(case, event.generation, event.detail, now)
        case EffectOutcome.DONE:
            # What running pods have to see again, or what took its time, has it anew from here on.
            took_time = effect.begun_at is not None or effect.kind in ("set-back-in-git", "await-owner")
            anew = took_time or case.spec.in_place
            return noted(change(case, attended=0.0) if anew else case, event.detail, now)
        case EffectOutcome.SUPERSEDED if marks or case.spec.in_place:
            return phases.superseded(case, event.detail, policy, now)
        case EffectOutcome.SUPERSEDED:
            text = (
                f"held, {event.detail} since that was decided, and was not overwritten: "
                "approve to return to the target and leave it as it is"
            )
            return stopped(_left_alone(case, effect), text, policy, now)
        case EffectOutcome.REFUSED if effect.database is not None:
            return stopped(case, versions.refused(case, effect, event, policy), policy, now)
        case EffectOutcome.REFUSED:
            return _refused(case, effect, event.detail, policy, now)
    assert_never(event.outcome)


def _goes_on(case: Case, event: Begun | Reviewed | Settling, policy: Policy, now: datetime) -> Case:
    """A step that has not ended by what was done of it."""
    effect = next((e for e in case.pending if e.id == event.effect), None)
    if effect is None or case.phase is not Phase.ROLLING_BACK:
        return case
    match event:
        case Begun() if effect.begun_at is None:
            text = f"begins to {plan.STEPS[effect.kind].words(case, effect)}"
            return noted(begun(case, effect, now), text, now)
        case Begun():
            return case
        case Reviewed():
            return waits(case, effect, event.url, policy, now)
        case Settling():
            return _settling(case, effect, event, policy, now)
    assert_never(event)


def _settling(case: Case, effect: Effect, event: Settling, policy: Policy, now: datetime) -> Case:
    found = settling.settled(case, effect, event.status, now)
    if isinstance(found, str):
        return settling.waiting(case, effect, found, now)
    # Where it was said what is waited for, it is said that this is over.
    case = change(case, reason=found.detail) if effect.detail else case
    return _finished(case, found, policy, now)


def _refused(case: Case, effect: Effect, why: str, policy: Policy, now: datetime) -> Case:
    step, what = plan.STEPS[effect.kind], plan.noun(effect)
    if step.dispensable(effect):
        text = f"{what} was not done, and the plan goes on: {why}"
        return noted(change(case, attended=0.0), text, now)
    if not step.acts:
        return stopped(case, f"held before anything was done: {why}", policy, now)
    return stopped(case, f"held, {what} was refused: {why}", policy, now)


def _left_alone(case: Case, effect: Effect) -> Case:
    """Somebody wrote it since: what is approved afterwards does not touch it any more."""
    name = effect.drift.name if effect.drift is not None else ""
    return change(case, drift=tuple(drift for drift in case.status.drift if drift.name != name))


def _hindered(case: Case, event: Hindered, policy: Policy, now: datetime) -> Case:
    """Said once for each different text; what a sink forbids is not announced, for the sink would have to."""
    effect = next((e for e in case.pending if e.id == event.effect), None)
    if effect is None:
        return case
    case = noting(case, effect, event.detail)
    what = plan.noun(effect) if effect.is_step else f"notifying {effect.sink} ({effect.stage})"
    text = shortened(f"{what} is not allowed for now, and is tried again: {event.detail}", TEXT_BYTES)
    if any(entry.text == text for entry in case.status.timeline):
        return case
    case = noted(case, text, now)
    if not effect.is_step:
        return case
    return announce(change(case, reason=text), "updated", policy, now)


def _alerted(case: Case, alerts: tuple[Alert, ...], policy: Policy, now: datetime) -> Case:
    status = case.status
    before = Record(alerts=status.alerts, left_out=status.alerts_left_out, lost=status.alerts_lost)
    after, lines = recorded(before, alerts, policy.decisive_alerts)
    case = change(case, alerts=after.alerts, alerts_left_out=after.left_out, alerts_lost=after.lost)
    for line in lines:
        case = noted(case, line, now, alert=True)
    return case


def _instructed(case: Case, event: Instructed, policy: Policy, now: datetime) -> Case:
    order = event.instruction
    if order == case.status.last_instruction:
        return case
    case = change(case, last_instruction=order)
    why = f" ({order.reason})" if order.reason else ""
    who = order.by if event.vouched else f"{order.by} (unverified)"
    match order.action:
        case "approve":
            return _approved(case, f"approved by {who}{why}", event, policy, now)
        case "hold":
            if case.phase is Phase.ROLLING_BACK and case.stoppable:
                return stopped(case, f"held by {who}{why}", policy, now)
            if case.stoppable:
                return holding.hold(case, f"held by {who}{why}", policy, now)
            return noted(case, f"{who} asked to hold, too late in {case.phase.value}", now)
    assert_never(order.action)


def _approved(case: Case, text: str, event: Instructed, policy: Policy, now: datetime) -> Case:
    if case.phase not in APPROVABLE:
        return noted(case, f"{text}, {_too_late(case)}", now)
    choice = event.choice
    if case.spec.in_place and choice is not None:
        why = "the configuration alone was changed: approve without a revision, or roll back by hand"
        return _not_as_asked(case, f"{text}, but {why}", policy, now)
    if choice is not None and choice.revision is None:
        return _not_as_asked(case, f"{text}, but {choice.reason}", policy, now)
    target, drift = case.status.target, case.status.drift
    if choice is not None and choice.revision != target:
        # What differs in its configuration was looked at for another one.
        target, drift = choice.revision, ()
    if target is None:
        return noted(case, f"{text}, but there is no revision to return to", now)
    if target != case.status.target:
        case = versions.aimed_at_another(case, event.recorded)
    if case.status.refusal is not None:
        text = f"{text} although {case.status.refusal}"
    case = change(case, drift=drift)
    # A rollout's target may come to run yet; pods that read what was changed in place are there or not.
    runs = event.workload if case.spec.in_place else None
    found = returning.situation(case, target, policy, runs, case.status.pods, approved=True)
    if not plan.steps(found, 1, now):
        return noted(case, f"{text}, but nothing is done: {plan.refusal(found)}", now)
    text = f"{text}, {plan.doing(found)}{f' {choice.reason}' if choice is not None else ''}"
    return returning.begin_rollback(case, found, text, policy, now)


def _too_late(case: Case) -> str:
    if case.phase in (Phase.ROLLING_BACK, Phase.VERIFYING):
        return f"but a case in {case.phase.value} needs no approval"
    if case.finished:
        return f"too late: the case ended as {case.phase.value} ({case.status.reason})"
    return f"but a case in {case.phase.value} needs no approval yet: nothing is decided"


def _not_as_asked(case: Case, text: str, policy: Policy, now: datetime) -> Case:
    """What was asked for cannot be done, and nothing else is done in its place."""
    if case.phase is Phase.ADVISED:
        return noted(case, text, now)
    return holding.hold(case, f"held, {text}", policy, now)
