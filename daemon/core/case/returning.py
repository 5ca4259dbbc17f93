"""How a case returns its workload to the target: the plan's beginning, its steps' traces in the cluster."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case import database, in_place, plan
from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import announce, change, enter, finished, noted
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.owner_policy import owned, warning
from daemon.core.case.steps.step import Situation
from daemon.core.model import Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.owners import NOBODY, last_writer
from daemon.core.rollout_facts.pod_history import PodHistory


def situation(
    case: Case,
    target: Revision,
    policy: Policy,
    workload: Workload | None = None,
    pods: tuple[PodHistory, ...] = (),
    *,
    approved: bool = False,
) -> Situation:
    """Without the workload it is not known whether pods run that read what is put back, and so they may.
    ``approved``: a person decides on what the case says."""
    if workload is None:
        runs = True
    elif case.spec.in_place:
        runs = in_place.read_at_start(case, workload, pods)
    else:
        runs = bool(workload.live_of(target))
    return Situation(
        target=target,
        configuration=policy.configuration,
        gates=policy.gates,
        feature_flags=() if case.spec.in_place else policy.feature_flags,
        drift=case.status.drift,
        in_place=case.spec.in_place,
        target_runs=runs,
        database=database.of(case, target, policy, approved=approved),
        # Restoring a ConfigMap leaves the template as its owner has it.
        ownership=NOBODY if case.spec.in_place else owned(case),
        owners=policy.owners,
    )


def begin_rollback(case: Case, found: Situation, reason: str, policy: Policy, now: datetime) -> Case:
    """The case with its plan intended."""
    number = 1 + len({effect.plan for effect in case.status.effects if effect.is_step})
    case = change(
        case,
        target=found.target,
        finished_at=None,
        patched_at=None,
        rolled_out_at=None,
        pods=(),
        smoke_tests=(),
    )
    effects = plan.steps(found, number, now)
    more = "; ".join(
        filter(None, (plan.summary(case, effects, found), warning(found.ownership, policy.owners)))
    )
    case = change(case, effects=(*case.status.effects, *effects))
    text = f"{reason}; {more}" if more else reason
    return announce(enter(case, Phase.ROLLING_BACK, text, now), "updated", policy, now)


def resuming(case: Case, now: datetime) -> Case:
    """The case whose plan ended, with the owner to be resumed that it suspended for nothing.

    A suspension whose outcome is not known may have been carried out, and is resumed as well: that does
    nothing where the owner does not bear the case's token. Once a plan of the case put a template back, the
    owner would undo that.
    """
    steps = case.steps
    asked = next((step for step in steps if step.kind == "suspend-owner"), None)
    if asked is None or asked.outcome is EffectOutcome.REFUSED or _rolled_back(case.status.effects):
        return case
    if any(step.kind == "resume-owner" for step in steps):
        return case
    step = Effect(id=f"resume-owner/{asked.plan}", kind="resume-owner", intended_at=now, owner=asked.owner)
    return change(case, effects=(*case.status.effects, step))


def _rolled_back(steps: tuple[Effect, ...]) -> bool:
    return any(step.kind == "rollback" and step.outcome is EffectOutcome.DONE for step in steps)


def resumed(case: Case, effect: Effect, end: Finished, policy: Policy, now: datetime) -> Case:
    """The end of a resumption is said; one that was refused calls people, for the owner does nothing."""
    if end.outcome is EffectOutcome.DONE:
        return noted(case, end.detail, now)
    text = f"{effect.owner or 'the owner'} could not be resumed and stays suspended: {end.detail}"
    case = change(noted(case, text, now), reason=f"{case.status.reason}; {text}")
    return announce(case, "updated", policy, now)


def landed(case: Case, workload: Workload | None, now: datetime) -> Case:
    """The case with its step marked as done, where the Deployment bears the intent's token.

    The answer to the patch may have been lost, and anything may have been applied since.
    """
    if workload is None or workload.uid != case.spec.workload_uid:
        return case
    for effect in case.pending:
        if _marks(effect) and workload.rollback_token == case.token(effect):
            what = plan.STEPS[effect.kind].words(case, effect)
            if effect.kind == "rollback":
                what = f"the template of {case.status.target} was put back"
            detail = f"{what}; the answer to the patch was lost"
            case = finished(case, effect, EffectOutcome.DONE, detail, now)
            return patched(case, workload.status.generation, detail, now)
    return case


def _marks(effect: Effect) -> bool:
    return effect.is_step and plan.STEPS[effect.kind].marks


def patched(case: Case, generation: int, text: str, now: datetime) -> Case:
    """The rollback's rollout begins, and so does its time.

    ``generation`` is the Deployment's with the patch in it, 0 where it is not known.
    """
    return noted(change(case, patched_at=now, generation=generation, attended=0.0), text, now)


def restarted(case: Case, revision: Revision | None, now: datetime) -> Case:
    """The case whose target is the revision that its own restart made of the target, once that is there."""
    target = case.status.target
    if revision is None or target is None or revision.same_rollout(target):
        return case
    return noted(change(case, target=revision), f"the restart of {target} is {revision}", now)


def is_abandoned(case: Case, current: Revision) -> bool:
    """Whether a revision is the target without an image, which nothing has replaced yet."""
    abandoned = case.status.abandoned
    same = abandoned is not None and current.same_rollout(abandoned)
    return same and case.status.patched_at is None


def judged_now(case: Case) -> Revision:
    """What the next write replaces: the judged revision, or the target that was abandoned."""
    return case.status.abandoned or case.spec.revision


def applied_over(case: Case, workload: Workload | None) -> str:
    """Why a rollback that was carried out did not become a rollout, or nothing.

    The judged release can be applied again before the controller saw the rollback. Then no rollout begins,
    its revision keeps its number, and no other case will ever judge it.
    """
    if workload is None or workload.current is None or case.phase is not Phase.ROLLING_BACK:
        return ""
    marking = [e for e in case.status.effects if _marks(e)]
    last = next((e for e in reversed(marking) if e.outcome is EffectOutcome.DONE), None)
    ours = last is not None and last.plan == marking[-1].plan and workload.rollback_token == case.token(last)
    if not ours or not workload.current.same_rollout(case.spec.revision):
        return ""
    writer = last_writer(workload)
    by = f" (field manager {writer})" if writer else ""
    return (
        f"held, {case.spec.revision} was applied again over the rollback before the controller had seen it"
        f"{by}: approve to return to the target all the same"
    )
