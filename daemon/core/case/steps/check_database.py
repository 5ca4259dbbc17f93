"""Read the database's version once more, before a plan that a person approved does anything.

Reading changes nothing, so a reading whose answer was lost is made again.
"""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.database_commands import typed
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.steps.step import Draft, Right, Situation, StepKind
from daemon.core.migration import VersionReading


def _needed(situation: Situation) -> tuple[Draft, ...]:
    database = situation.database
    return (Draft(database=database.act()),) if database is not None and database.checks else ()


def _noun(effect: Effect) -> str:
    del effect
    return "the check of the database's version"


def _words(case: Case, effect: Effect) -> str:
    del effect
    return f"see that the database is still at what {case.status.target} was found healthy with"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    return typed(case, effect.database.version) if effect.database is not None else ()


_RUNNING = {
    "job": (
        *(Right(verb=verb, resource="jobs", group="batch") for verb in ("create", "get", "delete")),
        Right(verb="get", resource="pods/log"),
    ),
    "exec": tuple(Right(verb=verb, resource="pods/exec") for verb in ("create", "get")),
}


def rights(case: Case, effect: Effect) -> tuple[Right, ...]:
    """What must be allowed for a step of the database."""
    del case
    act = effect.database
    if act is None:
        return ()
    kinds = dict.fromkeys(command.kind for command in (act.version, act.command) if command is not None)
    return tuple(right for kind in kinds for right in _RUNNING[kind])


STEP = StepKind(
    kind="check-database",
    marks=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=rights,
    acts=False,
)


def checked(effect: Effect, now: VersionReading) -> Finished:
    """How the step ended, by what was read. What is to be said of a refusal follows from the versions."""
    recorded = effect.database.recorded if effect.database is not None else ""
    same = now.known and now.version == recorded
    detail = f"the database is at {now.version or 'a version that is not known'}"
    outcome = EffectOutcome.DONE if same else EffectOutcome.REFUSED
    return Finished(effect=effect.id, outcome=outcome, detail=detail, version=now)
