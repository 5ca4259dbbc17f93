"""A rollback whose rollout does not end: one restart, where that may help; then a person is called."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import announce, change, enter
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.steps.restart import UNSTICKING, unsticks
from daemon.core.model import Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.diagnosis import Told, diagnosis
from daemon.core.rollout_facts.restart_help import no_help


def restarting(
    case: Case, workload: Workload, target: Revision, told: Told, policy: Policy, now: datetime
) -> Case | None:
    """The case with a restart intended; ``None`` where policy has none, there was one, or none helps.

    Its time begins anew with it, as that of any rollout of the case's own.
    """
    if not policy.restart_stuck or _restart(case) is not None or no_help(workload, target, told):
        return None
    number = case.steps[-1].plan if case.steps else "1"
    effect = Effect(id=f"restart/{number}/{UNSTICKING}", kind="restart", intended_at=now)
    why = diagnosis(workload, target, told)
    text = f"the rollback to {target} is stuck, and is restarted once: {why}"
    case = change(case, effects=(*case.status.effects, effect))
    return announce(change(enter(case, Phase.ROLLING_BACK, text, now), attended=0.0), "updated", policy, now)


def stuck(case: Case, workload: Workload, target: Revision, told: Told, policy: Policy) -> str:
    """What is said of it when a person is called."""
    text = f"the rollback to {target} is stuck: {diagnosis(workload, target, told)}"
    if not policy.restart_stuck:
        return text
    restart = _restart(case)
    if restart is None:
        return f"{text}; not restarted, for {no_help(workload, target, told)}"
    if restart.outcome is EffectOutcome.DONE:
        return f"{text}; one restart did not help"
    return f"{text}; it could not be restarted: {restart.detail or 'see the log of the daemon'}"


def helped(case: Case) -> str:
    """What is said behind a recovery that the restart brought about; or nothing."""
    restart = _restart(case)
    done = restart is not None and restart.outcome is EffectOutcome.DONE
    return ", after one restart of a rollback that was stuck" if done else ""


def given_up(case: Case) -> bool:
    """Whether the restart came to an end other than its own, so that there is nothing to wait for."""
    restart = _restart(case)
    return restart is not None and restart.outcome not in (None, EffectOutcome.DONE)


def _restart(case: Case) -> Effect | None:
    """The restart that was tried already, in whatever plan of the case."""
    return next((e for e in case.status.effects if e.kind == "restart" and unsticks(e)), None)
