"""Back the database up before it is downgraded. Where it fails, nothing else is done."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.database_commands import typed
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.steps.check_database import rights
from daemon.core.case.steps.step import Draft, Situation, StepKind
from daemon.core.runs import RunResult


def _needed(situation: Situation) -> tuple[Draft, ...]:
    database = situation.database
    return (
        (Draft(database=database.act(backup=True)),) if database is not None and database.downgrades else ()
    )


def _noun(effect: Effect) -> str:
    del effect
    return "the backup of the database"


def _words(case: Case, effect: Effect) -> str:
    del case
    return f"back up the database, at {effect.database.found if effect.database is not None else '?'}"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    command = effect.database.command if effect.database is not None else None
    return typed(case, command) if command is not None else ()


STEP = StepKind(
    kind="back-up-database",
    marks=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=rights,
)


def unseen(effect: Effect) -> Finished:
    """How it ended, where a daemon that was stopped may have begun it and nothing tells."""
    detail = (
        "the backup of the database may have been begun by a daemon that was stopped meanwhile, and whether "
        "it was made cannot be found out: nothing is done twice"
    )
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=detail)


def backed_up(effect: Effect, result: RunResult) -> Finished:
    """How the step ended. Only what came to a good end of its own is a backup."""
    if result.passed:
        said = " ".join(result.output.split())[-200:]
        detail = f"the database was backed up ({result}){': ' + said if said else ''}"
        return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=detail)
    detail = f"the backup of the database failed: {result}"
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=detail)
