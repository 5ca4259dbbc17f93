"""What each phase makes of what is seen: a function per phase, and the decisions they share."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from daemon.core.assessment import Assessment, Attribution, Verdict
from daemon.core.case import in_place, in_place_phases, plan, returning, stuck_rollout, versions
from daemon.core.case.announcing import announced_first
from daemon.core.case.case import Case, Phase
from daemon.core.case.digests import with_digests
from daemon.core.case.edits import (
    announce,
    change,
    ended,
    enter,
    judged,
    noted,
    seconds,
    told,
    withdrawn,
)
from daemon.core.case.events import Observed
from daemon.core.case.guards.registry import first_refusal
from daemon.core.case.holding import guarded, hold, occasion
from daemon.core.case.open_request import with_open_request, with_what_is_left
from daemon.core.case.owner_policy import owner_refusal, war
from daemon.core.case.returning import begin_rollback, resuming, situation
from daemon.core.case.steps.step import Situation
from daemon.core.case.stopping import not_applied, unrecovered, with_account
from daemon.core.model import Revision, Workload
from daemon.core.policy import Mode, Policy
from daemon.core.rollout_facts.diagnosis import diagnosis
from daemon.core.rollout_facts.watch_rules import is_over
from daemon.core.runs import lost_proof

STARTS = 600.0
"""Seconds that the first pods are given beyond the watch, as long as Kubernetes' own default deadline."""


def taken_over(case: Case, workload: Workload | None) -> str:
    """Why the case is no longer about what runs, or nothing."""
    if workload is None:
        return f"the Deployment {case.ref} was deleted, or is not guarded any more"
    if workload.uid != case.spec.workload_uid:
        return f"the Deployment {case.ref} was deleted and made anew"
    current = workload.current
    if current is None or current.same_rollout(case.spec.revision):
        return ""
    if _returning(case, current):
        return ""
    return f"{current} took over while this one was {case.phase.value}"


def _returning(case: Case, current: Revision) -> bool:
    """Whether what runs is what the case brought back, or is about to replace because it has no image."""
    status = case.status
    under_way = case.phase in (Phase.ROLLING_BACK, Phase.VERIFYING)
    stopped_amid = case.phase is Phase.HELD
    if not (under_way or stopped_amid):
        return False
    back = status.target is not None and current.replica_set_uid == status.target.replica_set_uid
    # Held, and never patched: whoever undid it has taken over.
    acted = under_way or status.patched_at is not None
    return (back and acted) or returning.is_abandoned(case, current)


def adopted(case: Case, now: datetime) -> Case:
    """What ran when the Deployment was first seen is not judged."""
    reason = (
        f"{case.spec.revision} was there when the Deployment was first seen: "
        "taken as the baseline, not judged"
    )
    return ended(case, Phase.HEALTHY, reason, now)


def superseded(case: Case, reason: str, policy: Policy, now: datetime) -> Case:
    under_way = case.pending_step is not None
    reason = with_open_request(case, reason)
    case = withdrawn(case, reason, now)
    case = ended(case, Phase.SUPERSEDED, with_account(case, reason) if under_way else reason, now)
    case = resuming(case, now)
    return announce(case, "closed", policy, now) if told(case) else case


def watching(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    case = judged(case, seen.assessment)
    if seen.assessment.verdict is Verdict.FAILING and not in_place_phases.too_early(case):
        case = change(
            enter(case, Phase.FAILING, seen.assessment.reason, now), failing_at=now, mode=policy.mode
        )
        case = with_digests(case, seen.workload)
        return announce(case, "opened", policy, now)
    if case.phase is Phase.PROGRESSING and case.spec.in_place:
        return in_place_phases.reaching(case, policy, now)
    if case.phase is Phase.PROGRESSING:
        return _progressing(case, seen, now)
    if not is_over(case.status.attended, policy, seen.polled_ago):
        return case
    if untried := _untried(seen, case.spec.revision):
        over = case.status.attended - policy.watch
        return case if over < STARTS else _never_ready(case, untried, policy, now)
    if unread := in_place.unread(case, workload=seen.workload) if case.spec.in_place else "":
        return ended(case, Phase.HEALTHY, f"{_watched(policy)}, nothing to judge: {unread}", now)
    return _passed(case, seen.assessment, policy, now)


def _watched(policy: Policy) -> str:
    return f"watched for {policy.watch / 60:.3g} min"


def _untried(seen: Observed, revision: Revision) -> str:
    """What keeps the pods, where it has some and none was ever ready: it was rolled out with no pods wanted,
    so no deadline of the controller waits for those that came later."""
    workload = seen.workload
    if workload is None:
        return ""
    pods = {pod.uid for pod in workload.live_of(revision)}
    if not pods or any(history.was_ready for history in seen.pods if history.uid in pods):
        return ""
    return diagnosis(workload, revision, seen.told)


def _never_ready(case: Case, why: str, policy: Policy, now: datetime) -> Case:
    text = f"held, the watch is over and no pod that {case.spec.revision} has was ever ready: {why}"
    return announce(enter(case, Phase.HELD, text, now), "opened", policy, now)


def _progressing(case: Case, seen: Observed, now: datetime) -> Case:
    workload = seen.workload
    if workload is None or workload.current is None or not workload.status.complete:
        return case
    case = change(case, phase=Phase.WATCHING, watch_from=now, attended=0.0)
    return noted(case, "the rollout is complete", now)


def _passed(case: Case, assessment: Assessment, policy: Policy, now: datetime) -> Case:
    minutes, blamed = _watched(policy), case.status.failing_at is not None
    if assessment.proven and not blamed:
        case = change(ended(case, Phase.HEALTHY, f"{minutes}: {assessment.reason}", now), proven=True)
        return announce(case, "closed", policy, now) if told(case) else case
    if assessment.verdict is Verdict.DEGRADED:
        case = ended(case, Phase.HEALTHY, f"{minutes}, degraded but not failing: {assessment.reason}", now)
        return announce(case, "updated" if told(case) else "opened", policy, now)
    text = f"{minutes}, no sign of failure but health is unproven: {assessment.reason}"
    if blamed:
        text = f"{minutes}, and the failure that had passed was not seen again: {assessment.reason}"
    case = ended(case, Phase.HEALTHY, text, now)
    return announce(case, "closed", policy, now) if told(case) else case


def failing(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    """Decide what the failing verdict leads to; every refusal says why."""
    assessment = case.status.assessment or seen.assessment
    reason, target = assessment.reason, seen.choice.revision
    ownership = seen.ownership or case.status.ownership
    case = change(case, target=target, drift=seen.drift, ownership=ownership)
    case = versions.aimed(case, seen)
    if assessment.attribution is not Attribution.DEPLOYMENT:
        what = "the change" if case.spec.in_place else "the release"
        return hold(case, f"held, not attributed to {what}: {assessment.attribution_reason}", policy, now)
    if target is None:
        return hold(case, f"held, nothing to return to: {seen.choice.reason}", policy, now)
    if versions.version_awaited(case, policy, seen):
        # A moment later it is known, or known that it cannot be.
        return case
    found = situation(case, target, policy, seen.workload, seen.pods)
    told = versions.version_warning(case, target, policy)
    match policy.mode:
        case Mode.ADVISE:
            advice = f"would {plan.aim(found)} ({seen.choice.reason}): {reason}{told}"
            case = ended(case, Phase.ADVISED, advice, now)
            return announce(case, "updated", policy, now)
        case Mode.APPROVAL:
            back = f"; it was put back by {seen.put_back}" if seen.put_back else ""
            text = f"waits for approval to {plan.aim(found)}: {reason}{told}{back}"
            case = enter(case, Phase.AWAITING_APPROVAL, text, now)
            return announce(case, "updated", policy, now)
        case Mode.AUTOMATIC:
            return _by_itself(case, found, reason, seen, policy, now)
    assert_never(policy.mode)


def _by_itself(
    case: Case, found: Situation, reason: str, seen: Observed, policy: Policy, now: datetime
) -> Case:
    """The case with its plan, unless something keeps the daemon from it."""
    if seen.put_back:
        # Before the guards: these refuse for a while, and this for good.
        return hold(case, war(case, seen.put_back), policy, now)
    if refusal := first_refusal(occasion(case, seen, policy, now)):
        return guarded(case, refusal, policy, now)
    if refused := owner_refusal(found.ownership, policy.owners) or plan.refusal(found):
        return hold(case, refused, policy, now)
    # Last, so that nothing is announced that something else will keep.
    if first := announced_first(case, plan.aim(found), reason, policy, now):
        return first
    return begin_rollback(case, found, f"{plan.doing(found)}: {reason}", policy, now)


def rolling_back(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    workload, target = seen.workload, case.status.target
    if target is None or workload is None:
        return case
    if case.spec.in_place and case.pending_step is None and case.status.patched_at is None:
        return in_place_phases.seen_again(case, workload, policy, now)
    if case.pending_step is not None or case.status.patched_at is None:
        case = not_applied(case, policy, now)
        if not stuck_rollout.given_up(case):
            return case
    current, status = workload.current, workload.status
    arrived = current is not None and _returning(case, current)
    if arrived and status.complete:
        what = "pods have what was restored" if case.spec.in_place else "the rollback's rollout is complete"
        text = f"{what} ({status}); proving the recovery"
        case = change(enter(case, Phase.VERIFYING, text, now), rolled_out_at=now)
        return announce(case, "updated", policy, now)
    if arrived and seen.no_image:
        return _elsewhere(case, seen, workload, target, policy, now)
    over = stuck_rollout.given_up(case) or case.status.attended >= policy.rollback_deadline
    if over or (arrived and status.timed_out(target)):
        again = stuck_rollout.restarting(case, workload, target, seen.told, policy, now)
        if again is not None:
            return again
        why = stuck_rollout.stuck(case, workload, target, seen.told, policy)
        return unrecovered(case, why, policy, now)
    return case


def _elsewhere(
    case: Case, seen: Observed, workload: Workload, target: Revision, policy: Policy, now: datetime
) -> Case:
    """The target's image cannot be had: the next good revision is returned to, once."""
    choice, why = seen.next_choice, seen.no_image
    stuck = stuck_rollout.stuck(case, workload, target, seen.told, policy)
    if before := case.status.abandoned:
        return unrecovered(case, f"{stuck}; nor could the image of {before} before it be had", policy, now)
    if choice is None or choice.revision is None:
        none = choice.reason if choice is not None else "there is no other revision"
        return unrecovered(case, f"{stuck}; {none}", policy, now)
    if versions.version_awaited(case, policy, seen):
        # For the version that this one ran with.
        return case
    case = versions.aimed(change(case, drift=seen.drift), seen)
    found = situation(case, choice.revision, policy, workload)
    if refused := plan.refusal(found):
        return unrecovered(case, f"{stuck}; {choice.revision} is not returned to: {refused}", policy, now)
    case = change(case, abandoned=workload.current, drift=seen.drift, attended=0.0)
    text = f"the image of {target} cannot be had ({why}); returning to {choice.revision} instead"
    return begin_rollback(case, found, text, policy, now)


def overdue(case: Case, workload: Workload, policy: Policy, elapsed: float) -> Revision | None:
    """The revision whose rollout has had all its time, so that at this look the case says what keeps it."""
    attended, target = case.status.attended + elapsed, case.status.target
    if case.phase is Phase.ROLLING_BACK and target is not None and case.status.patched_at is not None:
        over = workload.status.timed_out(target) or attended >= policy.rollback_deadline
        over = over or stuck_rollout.given_up(case)
        return target if over and not workload.status.complete else None
    if case.phase is Phase.WATCHING and attended - policy.watch >= STARTS:
        return case.spec.revision
    return None


def verifying(case: Case, seen: Observed, policy: Policy, now: datetime) -> Case:
    if seen.smoke_tests is not None:
        case = change(case, smoke_tests=seen.smoke_tests)
    found = seen.verification
    if found is None:
        return case
    case = change(case, verification=found, logs=seen.logs or case.status.logs)
    if found.contradicted:
        return unrecovered(case, found.contradicted, policy, now)
    if found.recovered:
        after = seconds(case.status.failing_at, now)
        where = "with the restored configuration" if case.spec.in_place else f"on {case.status.target}"
        text = f"recovered {where}, {after:.0f} s after the decision{stuck_rollout.helped(case)}"
        text = with_what_is_left(case, f"{text}{plan.left_undone(case)}")
        return announce(ended(case, Phase.ROLLED_BACK, text, now), "closed", policy, now)
    over = case.status.attended >= policy.verify_deadline
    missing = found.missing if over else lost_proof(policy.smoke_tests, case.status.smoke_tests)
    if over or missing:
        acted = "restored" if case.spec.in_place else "rolled back"
        text = f"{acted}, but the recovery could not be proven: {missing}"
        return unrecovered(case, text, policy, now)
    return case
