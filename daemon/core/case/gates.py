"""What must hold before a plan begins: a pure function over what was asked for.

A gate says what to ask, and what an answer means. An answer that did not come is no answer: it neither holds
a plan nor lets it pass for checked. What is refused says what is missing and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from shlex import quote
from typing import Any, Final

from msgspec.structs import replace

from daemon.core.case import plan
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.prior_state import MOST_NAMES, PriorState
from daemon.core.case.steps.step import Right
from daemon.core.policy import GateChoice
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.requirements import Requirement, requirements
from daemon.core.value import Value

Question = Requirement | Right
Template = Mapping[str, Any] | None
"""The target's raw pod template; ``None`` where it is not known."""


class Answer(Value, frozen=True):
    """``holds`` is ``None`` where it could not be learned, for the reason ``problem``; ``temporary``: asking
    again may help."""

    question: Question
    holds: bool | None
    lacking: tuple[str, ...] = ()
    """The keys that are missing in an object that is there."""
    problem: str = ""
    temporary: bool = False


class Gone(Value, frozen=True):
    """What pods cannot start without: an object, or those ``keys`` of one that is there."""

    reference: Reference
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.keys:
            return str(self.reference)
        return f"key{'s' if len(self.keys) > 1 else ''} {', '.join(self.keys)} of {self.reference}"


class Weighed(Value, frozen=True):
    """What the answers come to. ``refused``: why the plan must not begin. ``forbidden``: the right that is
    wanting, which people may grant at any time. ``said``: what was found, where the plan begins."""

    state: PriorState
    refused: str = ""
    forbidden: str = ""
    said: str = ""


def _objects(case: Case, template: Template) -> tuple[Question, ...]:
    """That what the target's pods need to start is there; what the plan itself puts back need not be."""
    restored = {step.drift.name for step in case.steps if step.drift is not None}
    return tuple(
        found
        for found in requirements(template or {})
        if found.reference.kind != "ConfigMap" or found.reference.name not in restored
    )


def _rights(case: Case, template: Template) -> tuple[Question, ...]:
    """That each step of this plan is allowed, and nothing that it does not do."""
    del template
    needed = (right for step in case.steps for right in plan.STEPS[step.kind].rights(case, step))
    return tuple(dict.fromkeys(needed))


GATES: Final[Mapping[str, Callable[[Case, Template], tuple[Question, ...]]]] = {
    "objects": _objects,
    "rights": _rights,
}
"""Every gate, by its name: what it asks before the case's plan begins."""


def questions(case: Case, template: Template) -> tuple[Question, ...]:
    """All that has to be asked, each once."""
    return tuple(question for asks in GATES.values() for question in asks(case, template))


def weigh(case: Case, effect: Effect, answers: Iterable[Answer], state: PriorState) -> Weighed:
    """What the answers mean for the plan. What was known to be gone at the approval is not asked twice."""
    asked = tuple(answers)
    absent = [(a, a.question) for a in asked if a.holds is False and isinstance(a.question, Requirement)]
    vital = [Gone(reference=need.reference, keys=a.lacking) for a, need in absent if need.vital]
    unchecked = [f"{_subject(a.question)} ({a.problem})" for a in asked if a.holds is None]
    forbidden = [str(a.question) for a in asked if a.holds is False and isinstance(a.question, Right)]
    state = replace(
        state,
        present=_few(_subject(a.question) for a in asked if a.holds and isinstance(a.question, Requirement)),
        gone=_few(map(str, vital)),
        lacking=_few(str(need.reference) for _, need in absent if not need.vital),
        unchecked=_few(unchecked),
    )
    if refusing := [one for one in vital if str(one) not in _accepted(case)]:
        return Weighed(state=state, refused=_gone(case, refusing))
    if forbidden:
        return Weighed(state=state, forbidden=_forbidden(case, forbidden))
    if unchecked and effect.gates is GateChoice.STRICT:
        text = f"whether the plan can be carried out is not known: {'; '.join(unchecked)}"
        return Weighed(state=state, refused=f"{text}; look, then approve to return all the same")
    return Weighed(state=state, said=_said(case, state))


def _accepted(case: Case) -> frozenset[str]:
    """What was known to be gone when the plan was approved."""
    order = case.status.last_instruction
    if order is None or order.action != "approve":
        return frozenset()
    before = case.status.before.gone if case.status.before is not None else ()
    drifted = (str(Reference(kind="ConfigMap", name=d.name)) for d in case.status.drift if d.gone)
    return frozenset([*before, *drifted])


def _gone(case: Case, objects: list[Gone]) -> str:
    names = " and ".join(map(str, objects))
    one = len(objects) == 1 and len(objects[0].keys) < 2
    verb, them = ("is", "it") if one else ("are", "them")
    make = "; ".join(f"kubectl {_making(one)} -n {case.namespace}" for one in objects)
    return (
        f"{names} {verb} gone, and no pod of {case.status.target} can start without {them}: "
        f"make {them} again ({make}) and approve, or approve to return all the same"
    )


def _making(gone: Gone) -> str:
    name = quote(gone.reference.name)
    if gone.keys:
        return f"edit configmap {name}"
    match gone.reference.kind:
        case "ServiceAccount":
            return f"create serviceaccount {name}"
        case "ConfigMap":
            return f"create configmap {name} --from-file=..."
        case "Secret":
            return f"create secret generic {name} --from-file=..."
        case _:
            return f"apply -f {name}.yaml"


def _forbidden(case: Case, rights: list[str]) -> str:
    return (
        f"the daemon may not {', '.join(rights)} in the namespace {case.namespace}: grant it with a Role, as "
        "the chart does; rollbackd check-config --live names all that it needs"
    )


def _said(case: Case, state: PriorState) -> str:
    there = len(state.present)
    objects = f"{there} object{'' if there == 1 else 's'} that {case.status.target} needs"
    parts = [f"{objects} {'is' if there == 1 else 'are'} there" if there else "", "each step is allowed"]
    if state.gone:
        parts.append(f"{', '.join(state.gone)} still gone, as was known at the approval")
    if state.lacking:
        parts.append(f"{', '.join(state.lacking)} gone, without which images may not be pulled")
    if state.unchecked:
        parts[1] = ""
        parts.append(f"not checked: {'; '.join(state.unchecked)}")
    return "before the plan: " + ", ".join(part for part in parts if part)


def _subject(question: Question) -> str:
    return str(question.reference) if isinstance(question, Requirement) else f"the right to {question}"


def _few(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)[:MOST_NAMES]
