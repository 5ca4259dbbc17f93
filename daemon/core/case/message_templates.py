"""The operator's words for messages: templates with fields, filled in once, and cut.

What comes out is text as any other: each sink shows it literally. Fields are put in as they are, so that a
``$`` in a reason means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from string import Template
from typing import Final

from msgspec.structs import replace

from daemon.core.assessment import Verdict
from daemon.core.case.case import Case, Phase
from daemon.core.case.harm import harm
from daemon.core.case.incident import Incident, Stage, next_step, render, version_of
from daemon.core.policy import MessageKind, MessageTemplate, Policy
from daemon.core.text import truncated

LONGEST_TITLE, LONGEST_BODY = 200, 20_000
"""Characters of what comes out."""

FIELDS: Final[Mapping[str, Callable[[Incident, Policy], str]]] = {
    "title": lambda told, _: told.title,
    "message": lambda told, _: told.message.partition("\n")[2],
    "reason": lambda told, _: told.reason,
    "level": lambda told, _: told.level.value,
    "stage": lambda told, _: told.stage,
    "phase": lambda told, _: told.case.phase.value,
    "time": lambda told, _: f"{told.at:%Y-%m-%d %H:%M:%S} UTC",
    "name": lambda told, policy: policy.title or told.case.spec.workload,
    "namespace": lambda told, _: told.case.namespace,
    "workload": lambda told, _: told.case.spec.workload,
    "case": lambda told, _: told.case.name,
    "version": lambda told, _: version_of(told.case.spec.revision),
    "target": lambda told, _: _target(told.case),
    "changed": lambda told, _: "\n".join(told.case.status.differences or ()) or "not known",
    "harm": lambda told, policy: _harm(told.case, policy),
    "next": lambda told, _: next_step(told.case),
    "contact": lambda _, policy: policy.contact,
}
"""What a template may name; ``message`` is the whole text that is sent without a template, but its title."""


KINDS: Final[Mapping[Phase, MessageKind]] = {
    Phase.PROGRESSING: "failing",
    Phase.WATCHING: "failing",
    Phase.FAILING: "failing",
    Phase.AWAITING_APPROVAL: "awaiting_approval",
    Phase.HELD: "held",
    Phase.ADVISED: "advised",
    Phase.ROLLING_BACK: "rolling_back",
    Phase.VERIFYING: "verifying",
    Phase.ROLLED_BACK: "rolled_back",
    Phase.UNRECOVERED: "unrecovered",
    Phase.HEALTHY: "healthy",
    Phase.SUPERSEDED: "superseded",
}
"""What a message of each phase tells, where nothing else is to be told. While a release is watched, a message
is the one that its failure has passed."""


def worded(
    case: Case, policy: Policy, stage: Stage, at: datetime, *, channel: str = "", reference: str = ""
) -> Incident:
    """The incident of a case at a stage, as :func:`daemon.core.case.incident.render`, in the operator's words
    where there are some."""
    told = render(case, policy, stage, at, channel=channel, reference=reference)
    template = _chosen(case, policy.templates)
    if template is None:
        return told
    title = _filled(template.title or "$title", told, policy)
    title = truncated(" ".join(title.split()), LONGEST_TITLE) or told.title
    body = truncated(_filled(template.body or "$message", told, policy).rstrip(), LONGEST_BODY)
    return replace(told, title=title, message=f"{title}\n{body}")


def unknown_fields(template: str) -> tuple[str, ...]:
    """What a template names and no message has. Raises ValueError where a ``$`` is none of a field's."""
    if not Template(template).is_valid():
        raise ValueError("a $ stands before no field's name")
    return tuple(name for name in Template(template).get_identifiers() if name not in FIELDS)


def kind_of_message(case: Case) -> MessageKind:
    """What the message of a case tells as it stands."""
    if case.status.trouble is not None:
        return "trouble"
    if case.announced:
        return "announced"
    if case.phase is Phase.HEALTHY and case.status.verdict is Verdict.DEGRADED:
        return "degraded"
    return KINDS[case.phase]


def _chosen(case: Case, templates: tuple[MessageTemplate, ...]) -> MessageTemplate | None:
    by_kind = {template.kind: template for template in templates}
    return by_kind.get(kind_of_message(case)) or by_kind.get("default")


def _filled(template: str, told: Incident, policy: Policy) -> str:
    """A field that nobody knows stays as it is written: settings with one are refused."""
    made = Template(template)
    known = {name: FIELDS[name](told, policy) for name in made.get_identifiers() if name in FIELDS}
    return made.safe_substitute(known)


def _target(case: Case) -> str:
    target = case.status.target
    return version_of(target) if target is not None else "none"


def _harm(case: Case, policy: Policy) -> str:
    return harm(case, policy) if case.status.failing_at is not None else "none is known"
