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

from daemon.core.case.case import Case, Effect, EffectOutcome
from daemon.core.case.steps import (
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
    feature_flag.STEP,
    suspend_owner.STEP,
    set_back_in_git.STEP,
    restore_configuration.STEP,
    rollback.STEP,
    restart.STEP,
    resume_owner.STEP,
)
"""Every kind of step, in the order in which a plan carries them out."""
STEPS: Final[Mapping[str, StepKind]] = {step.kind: step for step in ORDER}


def steps(situation: Situation, number: int, now: datetime) -> tuple[Effect, ...]:
    """The plan of this number as effects that are intended now. A plan always holds the rollback."""
    return tuple(
        msgspec.convert(
            {
                "id": "/".join([step.kind, str(number), *([draft.subject] if draft.subject else [])]),
                "kind": step.kind,
                "intendedAt": now,
                "drift": draft.drift,
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


def refusal(situation: Situation) -> str:
    """Why the daemon does not carry the plan out by itself, or nothing."""
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


def _lost(drift: Drift) -> str:
    return f"{drift}: {drift.problem}" if drift.certain else drift.problem


def summary(case: Case, effects: tuple[Effect, ...], situation: Situation) -> str:
    """What a plan does beside the rollback, and what it leaves as it is; empty for the rollback alone."""
    more = [STEPS[e.kind].words(case, e) for e in effects if e.kind != rollback.STEP.kind and _acts(e)]
    restored = {effect.drift.name for effect in effects if effect.drift is not None}
    left = [_left(drift) for drift in situation.drift if drift.name not in restored]
    if situation.configuration is ConfigurationChoice.IGNORE:
        left = []
    parts = [*(f"also to {text}" for text in more), *left]
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
    not_done = [STEPS[e.kind].noun(e) for e in planned if e.outcome is not EffectOutcome.DONE]
    if not done:
        return "nothing of the plan was done"
    return f"half-done: {', '.join(done)} was done, {', '.join(not_done)} was not; nothing further is done"


def left_undone(case: Case) -> str:
    """What of a plan that came to its end was not done, to be said behind how it ended; or nothing."""
    left = [e for e in case.steps if e.outcome is EffectOutcome.REFUSED and STEPS[e.kind].dispensable(e)]
    return "".join(f"; {STEPS[e.kind].noun(e)} was not done: {e.detail}" for e in left)


def _acts(effect: Effect) -> bool:
    return STEPS[effect.kind].acts


def noun(effect: Effect) -> str:
    return STEPS[effect.kind].noun(effect)
