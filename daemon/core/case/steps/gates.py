"""Look before anything is done: is what the target needs there, is each step allowed, how do things stand?"""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Draft, Situation, StepKind
from daemon.core.policy import GateChoice


def _needed(situation: Situation) -> tuple[Draft, ...]:
    return () if situation.gates is GateChoice.SKIP else (Draft(gates=situation.gates),)


def _noun(effect: Effect) -> str:
    del effect
    return "the plan"


def _words(case: Case, effect: Effect) -> str:
    del effect
    return (
        f"check that what {case.status.target} needs is there and that each step is allowed, and record how "
        f"{case.spec.workload} stands"
    )


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del effect
    where = f"-n {case.namespace}"
    return (
        f"kubectl auth can-i patch deployment/{case.spec.workload} {where}",
        f"kubectl get configmaps,secrets,serviceaccounts,persistentvolumeclaims {where}",
        f"kubectl get deployments,replicasets,pods {where} -o wide",
        f"kubectl get events {where} --field-selector type=Warning --sort-by=.lastTimestamp",
    )


STEP = StepKind(
    kind="gates", marks=False, acts=False, needed=_needed, noun=_noun, words=_words, commands=_commands
)
