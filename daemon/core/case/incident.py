"""From a case to the texts people read: the incident's title, message and timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from daemon.core.assessment import Verdict
from daemon.core.case import in_place_words
from daemon.core.case.case import Case, Phase
from daemon.core.case.case_lines import timeline
from daemon.core.case.harm import harm
from daemon.core.case.open_request import awaited_request, open_requests
from daemon.core.case.owner_commands import resume_commands
from daemon.core.case.runbook import runbook
from daemon.core.case.suspension import suspension
from daemon.core.model import Revision
from daemon.core.policy import Level, Policy
from daemon.core.rollout_facts import log_lines
from daemon.core.value import Instant, Value

Stage = Literal["opened", "updated", "closed"]


class Incident(Value, frozen=True):
    """One stage of a case's incident, rendered. ``key`` is the same for all stages of a case."""

    key: str
    stage: Stage
    level: Level
    title: str
    message: str
    reason: str
    timeline: tuple[str, ...]
    at: Instant
    case: Case
    channel: str = ""
    """Where in the sink; its first channel where empty."""
    reference: str = ""
    """What the sink answered when it last heard of the case; empty where this is the first time."""


def render(
    case: Case, policy: Policy, stage: Stage, at: datetime, *, channel: str = "", reference: str = ""
) -> Incident:
    """The incident of a case at a stage; ``at`` is when the stage was decided."""
    return Incident(
        key=case.uid or case.name,
        stage=stage,
        level=level(case),
        title=title(case, policy),
        message=message(case, policy, at),
        reason=case.status.trouble.text if case.status.trouble is not None else case.status.reason,
        timeline=timeline(case),
        at=at,
        case=case,
        channel=channel,
        reference=reference,
    )


def level(case: Case) -> Level:
    """What the daemon does by itself informs; what waits for a person warns."""
    if case.status.trouble is not None:
        return Level.WARNING
    match case.phase:
        case Phase.UNRECOVERED:
            return Level.CRITICAL
        case Phase.HELD | Phase.AWAITING_APPROVAL | Phase.ADVISED:
            return Level.WARNING
        case Phase.HEALTHY if case.status.verdict is Verdict.DEGRADED:
            return Level.WARNING
        case Phase.PROGRESSING | Phase.WATCHING | Phase.FAILING | Phase.ROLLING_BACK | Phase.VERIFYING:
            return Level.INFO
        case Phase.ROLLED_BACK | Phase.HEALTHY | Phase.SUPERSEDED:
            return Level.INFO
    assert_never(case.phase)


def title(case: Case, policy: Policy) -> str:
    """E.g. ``cart ROLLBACK COMPLETED``."""
    name = policy.title or case.spec.workload
    if case.status.trouble is not None:
        return f"{name} NOT WELL, AND NO ROLLOUT IS UNDER WAY"
    if case.announced:
        return f"{name} {'RESTORING OF CONFIGURATION' if case.spec.in_place else 'ROLLBACK'} ANNOUNCED"
    degraded = case.phase is Phase.HEALTHY and case.status.verdict is Verdict.DEGRADED
    if case.spec.in_place:
        return f"{name} {in_place_words.DEGRADED if degraded else in_place_words.HEADLINES[case.phase]}"
    if awaited_request(case):
        return f"{name} ROLLBACK AWAITS A MERGE"
    return f"{name} {'RELEASE DEGRADED' if degraded else HEADLINES[case.phase]}"


HEADLINES: Mapping[Phase, str] = {
    Phase.PROGRESSING: "ROLLOUT UNDER WATCH",
    Phase.WATCHING: "ROLLOUT UNDER WATCH",
    Phase.FAILING: "RELEASE FAILING",
    Phase.AWAITING_APPROVAL: "ROLLBACK AWAITS APPROVAL",
    Phase.HELD: "ROLLBACK HELD",
    Phase.ROLLING_BACK: "ROLLBACK IN PROGRESS",
    Phase.VERIFYING: "ROLLBACK IN PROGRESS",
    Phase.ROLLED_BACK: "ROLLBACK COMPLETED",
    Phase.UNRECOVERED: "ROLLBACK DID NOT RECOVER THE SERVICE",
    Phase.HEALTHY: "RELEASE HEALTHY",
    Phase.SUPERSEDED: "ROLLOUT SUPERSEDED",
    Phase.ADVISED: "ROLLBACK ADVISED",
}


def message(case: Case, policy: Policy, at: datetime) -> str:
    """The stakeholders' message, with the fields of the runbook; a rollout that never failed has fewer."""
    status = case.status
    if status.trouble is not None:
        fields = _of_trouble(case, status.trouble.text)
    elif case.phase is Phase.HEALTHY or (
        status.failing_at is None and not any(effect.is_step for effect in status.effects)
    ):
        fields = _of_watch(case)
    else:
        fields = _of_failure(case, policy)
    lines = [title(case, policy), f"Time: {at:%Y-%m-%d %H:%M:%S} UTC", *fields]
    lines += _by_hand(case, policy)
    if policy.contact:
        lines.append(f"Contact: {policy.contact}")
    return "\n".join(lines)


WAITING = frozenset({Phase.HELD, Phase.AWAITING_APPROVAL, Phase.ADVISED})
"""Phases in which nothing goes on without a person."""


def _by_hand(case: Case, policy: Policy) -> list[str]:
    """The plan as commands, for whoever takes over."""
    if case.phase not in WAITING or not (lines := runbook(case, policy)):
        return []
    return ["By hand:"] + [
        text
        for line in lines
        for text in (f"  - {line.text} ({line.state})", *(f"      {command}" for command in line.commands))
    ]


def _of_failure(case: Case, policy: Policy) -> list[str]:
    status = case.status
    now = [f"Now: {status.reason}"] if status.reason and status.reason != failure(case) else []
    if case.spec.in_place:
        version = f"Version: {version_of(case.spec.revision)}"
        subject = [version, *in_place_words.fields(case), *_changed(case)]
    else:
        subject = [f"Bad Version: {version_of(case.spec.revision)}", *_return(case), *_changed(case)]
    return [
        *subject,
        *_owned(case),
        f"Status: {_life_cycle(case.phase)}",
        f"Reason for {'Restoring' if case.spec.in_place else 'Rollback'}: {failure(case)}",
        *now,
        *([f"Harm: {harm(case, policy)}"] if status.failing_at is not None else []),
        *_verification(case),
        *_logs(case),
        f"Next Steps: {next_step(case)}",
    ]


def _changed(case: Case) -> list[str]:
    """What the release brought, or the change in place, as far as it is known."""
    found = case.status.differences
    if found is None:
        return []
    since = "Key by Key" if case.spec.in_place else f"Changed since Revision {found.since}"
    return [f"{since}:", *(f"  - {line}" for line in found)]


def _return(case: Case) -> list[str]:
    """What was restored, or would be."""
    target, acted = case.status.target, case.status.patched_at is not None
    if target is None:
        return ["Restored Version: none, nothing is known to be good"]
    return [f"{'Restored Version' if acted else 'Version to Return to'}: {version_of(target)}"]


def _owned(case: Case) -> list[str]:
    """Who else writes the Deployment; a rollback lasts only until its owner writes again."""
    status = case.status
    lines = (
        [f"Owned by: {owner} ({owner.evidence})" for owner in status.ownership.owners]
        if (status.ownership is not None)
        else []
    )
    lines += [f"To be merged: {request}" for request in open_requests(case)]
    step = suspension(case)
    if step is not None and step.owner is not None and step.finished_at is not None:
        since = f"{step.finished_at:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(f"Suspended: {step.owner} since {since}; then {'; '.join(resume_commands(step.owner))}")
    return lines


def _of_watch(case: Case) -> list[str]:
    return [
        f"Version: {version_of(case.spec.revision)}",
        *(in_place_words.fields(case)[:-1] if case.spec.in_place else ()),
        f"Status: {_life_cycle(case.phase)}",
        f"Seen: {case.status.reason}",
        f"Next Steps: {_next_steps(case.phase)}",
    ]


def _of_trouble(case: Case, text: str) -> list[str]:
    return [
        f"Version: {version_of(case.spec.revision)}",
        "Status: Investigating",
        f"What is wrong: {text}",
        f"Next Steps: {next_step(case)}",
    ]


def version_of(revision: Revision) -> str:
    """E.g. ``cart:2 (revision 8, pod template 5d9c)``."""
    return f"{revision.image} (revision {revision.number}, pod template {revision.hash})"


def failure(case: Case) -> str:
    """The sentence that was decided on, which stays when later phases have reasons of their own."""
    assessment = case.status.assessment
    return assessment.reason if assessment is not None and case.status.failing_at else case.status.reason


def _life_cycle(phase: Phase) -> str:
    match phase:
        case Phase.PROGRESSING | Phase.WATCHING | Phase.FAILING | Phase.HELD:
            return "Investigating"
        case Phase.AWAITING_APPROVAL | Phase.ADVISED | Phase.ROLLING_BACK | Phase.UNRECOVERED:
            return "Identified"
        case Phase.VERIFYING:
            return "Monitoring"
        case Phase.ROLLED_BACK | Phase.HEALTHY | Phase.SUPERSEDED:
            return "Resolved"
    assert_never(phase)


def _verification(case: Case) -> list[str]:
    verification = case.status.verification
    if verification is None:
        return ["Verification: not reached"]
    marks = {True: "yes", False: "NO", None: "not known"}
    conditions = [
        f"  - {condition.name}: {marks[condition.holds]} ({condition.detail})"
        for condition in verification.conditions
    ]
    return ["Verification:", *conditions, *(f"  - {note}" for note in verification.notes)]


def _logs(case: Case) -> list[str]:
    """What the logs say: evidence beside the verification, which does not rest on it."""
    if case.status.logs is None:
        return []
    first, *lines = log_lines.sentences(case.status.logs)
    return [f"{first[:1].upper()}{first[1:]}", *lines]


def next_step(case: Case) -> str:
    """What is for whom to do next."""
    if case.status.trouble is not None:
        return "a person must look: no rollout is the cause, so the daemon does nothing"
    if request := awaited_request(case):
        return f"merge {request}, or close it to have the case held"
    if case.announced:
        return "hold it to keep the daemon from it, or approve it to have it done at once"
    own = in_place_words.NEXT.get(case.phase) if case.spec.in_place else None
    return own or _next_steps(case.phase)


def _next_steps(phase: Phase) -> str:
    match phase:
        case Phase.ROLLED_BACK:
            return "find the root cause, fix it, deploy again"
        case Phase.UNRECOVERED:
            return "a person must look now: the daemon does nothing further by itself"
        case Phase.AWAITING_APPROVAL:
            return "approve the rollback or hold it"
        case Phase.HELD | Phase.ADVISED:
            return "decide whether to roll back; the daemon does not by itself"
        case Phase.HEALTHY | Phase.SUPERSEDED:
            return "none"
        case Phase.PROGRESSING | Phase.WATCHING | Phase.FAILING | Phase.ROLLING_BACK | Phase.VERIFYING:
            return "none yet, the daemon is at work"
    assert_never(phase)
