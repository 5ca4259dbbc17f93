"""Put the target's pod template back: ``kubectl rollout undo``."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Draft, Right, Situation, StepKind


def _needed(situation: Situation) -> tuple[Draft, ...]:
    return () if situation.in_place else (Draft(),)


def _noun(effect: Effect) -> str:
    del effect
    return "the rollback"


def _words(case: Case, effect: Effect) -> str:
    del effect
    return f"put the template of {case.status.target} back"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del effect
    target = case.status.target
    number = f" --to-revision={target.number}" if target is not None else ""
    where = f"deployment/{case.spec.workload} -n {case.namespace}"
    return (f"kubectl rollout undo {where}{number}", f"kubectl rollout status {where}")


def patching(case: Case, effect: Effect) -> tuple[Right, ...]:
    """The right to write the Deployment; a Role may name it."""
    del effect
    return (Right(verb="patch", resource="deployments", group="apps", name=case.spec.workload),)


STEP = StepKind(
    kind="rollback",
    marks=True,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=patching,
)
