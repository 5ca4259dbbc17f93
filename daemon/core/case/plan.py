"""The plan of a case: which steps return the workload to its target, in which order, and what to say of them.

A plan is computed once, when the rollback begins, and then stands in the case's ledger: a step is written as
intended before it is carried out and with its outcome after. They are carried out one at a time, and the
first that does not come to its end stops the plan; then nothing further is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from daemon.core.case import database
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.steps import (
    await_owner,
    back_up_database,
    check_database,
    downgrade_database,
    feature_flag,
    gates,
    restart,
    restore_configuration,
    resume_owner,
    rollback,
    set_back_in_git,
    suspend_owner,
)
from daemon.core.case.steps.step import Situation, StepKind
from daemon.core.policy import ConfigurationChoice
from daemon.core.rollout_facts.configuration_content import Drift

ORDER: Final = (
    gates.STEP,
    check_database.STEP,
    feature_flag.STEP,
    suspend_owner.STEP,
    await_owner.STEP,
    back_up_database.STEP,
    downgrade_database.STEP,
    set_back_in_git.STEP,
    restore_configuration.STEP,
    rollback.STEP,
    restart.STEP,
    resume_owner.STEP,
)
"""Every kind of step, in the order in which a plan carries them out."""
STEPS: Final[Mapping[str, StepKind]] = {step.kind: step for step in ORDER}


def steps(situation: Situation, number: int, now: datetime) -> tuple[Effect, ...]:
    """The plan of this number as effects that are intended now.

    That of a rollout always holds the rollback. That of a change in place is empty where nothing of it may be
    restored.
    """
    planned = tuple(
        msgspec.convert(
            {
                "id": "/".join([step.kind, str(number), *([draft.subject] if draft.subject else [])]),
                "kind": step.kind,
                "intendedAt": now,
                "drift": draft.drift,
                "database": draft.database,
                "gates": draft.gates,
                "byHand": draft.by_hand,
                "owner": draft.owner,
                "overlay": draft.overlay,
            },
            Effect,
        )
        for step in ORDER
        for draft in step.needed(situation)
    )
    return planned if any(_acts(effect) for effect in planned) else ()


def refusal(situation: Situation) -> str:
    """Why the daemon does not carry the plan out by itself, or nothing."""
    if situation.in_place:
        return _in_place_refusal(situation)
    if refused := database.objection(situation.database):
        return refused
    match situation.configuration:
        case ConfigurationChoice.IGNORE:
            return ""
        case ConfigurationChoice.HOLD:
            changed = [str(drift) for drift in situation.drift if drift.certain]
            if not changed:
                return ""
            return (
                f"held, {'; '.join(changed)} since {situation.target} was found healthy, and its template "
                "reads that: put it back and approve, or approve to return to the template alone"
            )
        case ConfigurationChoice.RESTORE:
            lost = [_lost(drift) for drift in situation.drift if not drift.restorable]
            if not lost:
                return ""
            return (
                f"held, what {situation.target} was found healthy with cannot be restored: {'; '.join(lost)}"
                "; put it back by hand and approve, or approve to leave that as it is"
            )


def _in_place_refusal(situation: Situation) -> str:
    """Where nothing was rolled out, what cannot be restored whole is not begun."""
    if situation.configuration is not ConfigurationChoice.RESTORE:
        return (
            f"held, policy.configuration is {situation.configuration.value}, so that nothing is restored: "
            f"put back what {situation.target} was found healthy with"
        )
    lost = [_lost(drift) for drift in situation.drift if not drift.restorable]
    if lost:
        what = f"what {situation.target} was found healthy with cannot be restored"
        return f"held, {what}: {'; '.join(lost)}; put it back by hand"
    if not situation.drift:
        return f"held, what {situation.target} was found healthy with is there again: nothing to restore"
    return ""


def aim(situation: Situation) -> str:
    """What a plan is there to do: "return to revision 1"."""
    if situation.in_place:
        return f"restore the configuration of {situation.target}"
    return f"return to {situation.target}"


def doing(situation: Situation) -> str:
    """The same, of one that begins."""
    if situation.in_place:
        return f"restoring the configuration of {situation.target}"
    return f"returning to {situation.target}"


def _lost(drift: Drift) -> str:
    return f"{drift}: {drift.problem}" if drift.certain else drift.problem


def summary(case: Case, effects: tuple[Effect, ...], situation: Situation) -> str:
    """What a plan does beside the rollback, and what it leaves as it is; empty for the rollback alone."""
    more = [STEPS[e.kind].words(case, e) for e in effects if e.kind != rollback.STEP.kind and _acts(e)]
    restored = {effect.drift.name for effect in effects if effect.drift is not None}
    left = [_left(drift) for drift in situation.drift if drift.name not in restored]
    if situation.configuration is ConfigurationChoice.IGNORE:
        left = []
    if stays := database.stays(situation.database):
        left = [*left, stays]
    also = "to" if situation.in_place else "also to"
    parts = [*(f"{also} {text}" for text in more), *left]
    return "; ".join(parts)


def _left(drift: Drift) -> str:
    if drift.certain:
        return f"{drift}, and is left as it is"
    return f"whether ConfigMap {drift.name} has changed is not known: {drift.problem}"


def account(case: Case) -> str:
    """What of the case's last plan was done and what was not; empty for a plan of one step."""
    planned = [e for e in case.steps if _acts(e) and e.kind != resume_owner.STEP.kind]
    if len(planned) < 2:
        return ""
    done = [STEPS[e.kind].noun(e) for e in planned if e.outcome is EffectOutcome.DONE]
    begun = [STEPS[e.kind].noun(e) for e in planned if _unseen(e)]
    not_done = [
        STEPS[e.kind].noun(e) for e in planned if e.outcome is not EffectOutcome.DONE and not _unseen(e)
    ]
    if not done and not begun:
        return "nothing of the plan was done"
    told = ((done, "was done"), (begun, "was begun and did not end well"), (not_done, "was not done"))
    parts = [f"{', '.join(nouns)} {what}" for nouns, what in told if nouns]
    return f"half-done: {', '.join(parts)}; nothing further is done"


def done(case: Case) -> tuple[str, ...]:
    """What the case's plans have done to the service, an owner's suspension aside."""
    beside = (suspend_owner.STEP.kind, resume_owner.STEP.kind)
    return tuple(
        STEPS[e.kind].noun(e)
        for e in case.status.effects
        if e.is_step and e.outcome is EffectOutcome.DONE and _acts(e) and e.kind not in beside
    )


def _unseen(effect: Effect) -> bool:
    return effect.begun_at is not None and effect.outcome is not EffectOutcome.DONE


def allowance(effect: Effect) -> float:
    """Seconds that a step may take beyond the time that a rollback has to be accepted."""
    return effect.database.seconds if effect.database is not None else 0.0


def left_undone(case: Case) -> str:
    """What of a plan that came to its end was not done, to be said behind how it ended; or nothing."""
    left = [e for e in case.steps if e.outcome is EffectOutcome.REFUSED and STEPS[e.kind].dispensable(e)]
    return "".join(f"; {STEPS[e.kind].noun(e)} was not done: {e.detail}" for e in left)


def _acts(effect: Effect) -> bool:
    return STEPS[effect.kind].acts


def noun(effect: Effect) -> str:
    return STEPS[effect.kind].noun(effect)
