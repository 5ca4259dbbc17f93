"""The ways a case changes: each returns a new one, and leaves a line in its timeline where people care."""

from __future__ import annotations

from datetime import datetime

import msgspec

from daemon.core.assessment import Assessment
from daemon.core.case.case import TIMED, Case, Entry, Phase
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.in_place import contents_left
from daemon.core.case.incident import Stage, level
from daemon.core.policy import Policy

KEPT_ENTRIES, KEPT_ALERT_LINES = 200, 50
"""Lines of the story, and of alerts beside them."""


def change(case: Case, **fields: object) -> Case:
    return msgspec.structs.replace(case, status=msgspec.structs.replace(case.status, **fields))


def noted(case: Case, text: str, now: datetime, *, alert: bool = False) -> Case:
    """The case with one more line in its timeline."""
    entry = Entry(at=now, phase=case.phase, text=text, alert=alert)
    return change(case, timeline=_newest((*case.status.timeline, entry)))


def _newest(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The newest lines, those of alerts and those of the story apart: neither pushes the other out."""
    alerts = [at for at, entry in enumerate(entries) if entry.alert]
    story = [at for at, entry in enumerate(entries) if not entry.alert]
    kept = sorted((*alerts[-KEPT_ALERT_LINES:], *story[-KEPT_ENTRIES:]))
    return tuple(entries[at] for at in kept)


def enter(case: Case, phase: Phase, reason: str, now: datetime) -> Case:
    """The case in another phase, whose time begins; the reason is what everybody is notified of."""
    attended = case.status.attended if phase is case.phase else 0.0
    return noted(
        change(case, phase=phase, reason=reason, attended=attended, refusal=None, calm_from=None), reason, now
    )


def judged(case: Case, assessment: Assessment) -> Case:
    return change(case, assessment=assessment, verdict=assessment.verdict, reason=assessment.reason)


def ended(case: Case, phase: Phase, reason: str, now: datetime) -> Case:
    case = change(enter(case, phase, reason, now), finished_at=now)
    return change(case, contents=contents_left(case, case.status.contents)) if case.spec.in_place else case


def announce(case: Case, stage: Stage, policy: Policy, now: datetime) -> Case:
    """The case with a notification of its phase intended wherever policy wants one, again when it is entered
    again. Who heard of the case once hears how it goes on, whatever the level: nothing stays open there.
    """
    published = [effect for effect in case.status.effects if effect.kind == "publish"]
    number = len({effect.id.split("/")[1] for effect in published}) + 1
    heard = {effect.place for effect in published}
    grade = level(case)
    new = tuple(
        Effect(
            id="/".join(filter(None, ("publish", str(number), stage, case.phase.value, *place))),
            kind="publish",
            stage=stage,
            sink=place[0],
            channel=place[1],
            intended_at=now,
        )
        for place in dict.fromkeys(
            (route.sink, route.channel)
            for route in policy.routes
            if grade.reaches(route.min_level) or (route.sink, route.channel) in heard
        )
    )
    return change(case, effects=(*case.status.effects, *new))


def told(case: Case) -> bool:
    """Whether an incident was opened."""
    return any(effect.kind == "publish" for effect in case.status.effects)


def attended(case: Case, elapsed: float) -> Case:
    """The case with so many more seconds of the daemon's attention, where its phase has a deadline."""
    if case.phase not in TIMED or not elapsed:
        return case
    return change(case, attended=case.status.attended + elapsed)


def seconds(since: datetime | None, now: datetime) -> float:
    """For words and never for a decision: the times of day may be of different clocks."""
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


def finished(case: Case, effect: Effect, outcome: EffectOutcome, detail: str, now: datetime) -> Case:
    """The case with an effect's end in its ledger."""
    return _with(case, msgspec.structs.replace(effect, finished_at=now, outcome=outcome, detail=detail))


def reviewed(case: Case, effect: Effect, url: str, detail: str = "") -> Case:
    """The case with where people have yet to decide on a step in its ledger."""
    return _with(case, msgspec.structs.replace(effect, review=url, detail=detail))


def noting(case: Case, effect: Effect, detail: str) -> Case:
    """The case with what hinders an effect noted in its ledger; the effect stays intended."""
    return _with(case, msgspec.structs.replace(effect, detail=detail))


def begun(case: Case, effect: Effect, now: datetime) -> Case:
    """The case with a step's beginning in its ledger."""
    return _with(case, msgspec.structs.replace(effect, begun_at=now))


def _with(case: Case, effect: Effect) -> Case:
    return change(case, effects=tuple(effect if e.id == effect.id else e for e in case.status.effects))


def withdrawn(case: Case, reason: str, now: datetime) -> Case:
    """The case with the steps that were intended and not carried out struck from its ledger.

    An owner that is to be resumed is resumed whatever becomes of the case.
    """
    effects = tuple(
        msgspec.structs.replace(e, finished_at=now, outcome=EffectOutcome.SUPERSEDED, detail=reason)
        if e.is_step and e.finished_at is None and e.kind != "resume-owner"
        else e
        for e in case.status.effects
    )
    return change(case, effects=effects)
