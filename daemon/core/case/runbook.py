"""A case's plan as the commands that a person would type, to check the daemon or to take over from it."""

from __future__ import annotations

from shlex import quote
from typing import assert_never

from daemon.core.case import database, owner_commands, plan
from daemon.core.case.after_by_hand import checks_after
from daemon.core.case.case import Case
from daemon.core.case.database_by_hand import by_hand
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.owner_policy import committed_first, owned, suspended_first
from daemon.core.case.runbook_line import Line
from daemon.core.case.steps.step import Situation
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.rollout_facts.owners import NOBODY


def runbook(case: Case, policy: Policy) -> tuple[Line, ...]:
    """The steps of the case's last plan, or of the one that an approval would begin, and the checks after it;
    none with no target."""
    target = case.status.target
    if target is None:
        return ()
    if case.steps:
        return (*(_line(case, effect, _state(effect)) for effect in case.steps), *checks_after(case, policy))
    found = Situation(
        target=target,
        configuration=policy.configuration,
        drift=case.status.drift,
        gates=policy.gates,
        feature_flags=() if case.spec.in_place else policy.feature_flags,
        in_place=case.spec.in_place,
        database=database.of(case, target, policy, approved=True),
        ownership=NOBODY if case.spec.in_place else owned(case),
        owners=policy.owners,
    )
    effects = plan.steps(found, 1, case.spec.started_at)
    restored = {effect.drift.name for effect in effects if effect.drift is not None}
    left = [drift for drift in found.drift if drift.name not in restored]
    if policy.configuration is ConfigurationChoice.IGNORE:
        left = []
    return (
        *_at_owners(case, found),
        *by_hand(case, found.database),
        *(_by_hand(case, drift) for drift in left),
        *(_line(case, effect, "to do") for effect in effects),
        *checks_after(case, policy),
    )


def _line(case: Case, effect: Effect, state: str) -> Line:
    step = plan.STEPS[effect.kind]
    return Line(text=step.words(case, effect), state=state, commands=step.commands(case, effect))


def _at_owners(case: Case, found: Situation) -> tuple[Line, ...]:
    """What is done where the Deployment is owned, and not suspended by the plan itself."""
    suspended = suspended_first(found.ownership, found.owners)
    lines = []
    committed = committed_first(found.ownership, found.owners)
    for owner in found.ownership.owners:
        if committed is not None and owner.kind is committed.kind:
            continue
        commands = owner_commands.suspend_commands(owner)
        if commands and suspended is None:
            why = f"suspend {owner}, or it puts {case.spec.revision} back"
            lines.append(Line(text=why, state="to do", commands=commands))
        text = f"set {case.status.target} back at {owner}, which owns the Deployment"
        after = owner_commands.resume_commands(owner) if commands else ()
        commands = (*owner_commands.set_back_commands(case, owner), *after)
        lines.append(Line(text=text, state="to do", commands=commands))
    return tuple(lines)


def _state(effect: Effect) -> str:
    match effect.outcome:
        case None:
            return "intended"
        case EffectOutcome.SUPERSEDED:
            # Struck when the plan ended early: to whoever takes over that is what is left.
            return "not done"
        case EffectOutcome.DONE | EffectOutcome.REFUSED:
            return effect.outcome.value
    assert_never(effect.outcome)


def _by_hand(case: Case, drift: Drift) -> Line:
    """What the daemon does not do: it has no copy, or policy says that it must not write."""
    what, why = f"configmap {quote(drift.name)} -n {case.namespace}", drift.problem
    text = f"put back what ConfigMap {drift.name} held when {case.status.target} was found healthy"
    look, edit = f"kubectl get {what} -o yaml", f"kubectl edit {what}"
    commands = (f"kubectl create {what} --from-file=...",) if drift.gone else (look, edit)
    return Line(text=f"{text} ({why})" if why else text, state="to do", commands=commands)
