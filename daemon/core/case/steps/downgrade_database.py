"""Take the database back to the version that the target was found healthy with.

Done is what the database itself says: its version is read before and after. Between the two nobody knows, so
what may have been begun already is begun again only where the run itself can be found.
"""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.database_commands import typed
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.case.steps.check_database import rights
from daemon.core.case.steps.step import Draft, Situation, StepKind
from daemon.core.migration import DatabaseAct, VersionReading
from daemon.core.runs import Ending, RunResult


def _needed(situation: Situation) -> tuple[Draft, ...]:
    database = situation.database
    return (
        (Draft(database=database.act(downgrade=True)),)
        if database is not None and database.downgrades
        else ()
    )


def _noun(effect: Effect) -> str:
    del effect
    return "the downgrade of the database"


def _words(case: Case, effect: Effect) -> str:
    del case
    act = effect.database
    return f"downgrade the database from {act.found} to {act.recorded}" if act is not None else "downgrade"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    act = effect.database
    if act is None or act.command is None:
        return ()
    return (*typed(case, act.command, of=case.spec.revision), *typed(case, act.version))


STEP = StepKind(
    kind="downgrade-database",
    marks=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=rights,
)


def before(
    effect: Effect, act: DatabaseAct, now: VersionReading, *, begun: bool, findable: bool
) -> Finished | None:
    """How the step ends by the version before it; ``None``: carry it out.

    ``begun``: a daemon that was stopped may have begun it. ``findable``: whether its run would be found then,
    and not begun twice.
    """
    if not now.known:
        why = "the version of the database cannot be read, and so it is not downgraded"
        if begun:
            why = "the downgrade may have been begun, and the version of the database cannot be read"
        return _refused(effect, f"{why}: {now.problem}", now)
    if now.version == act.recorded:
        detail = f"the database is at {act.recorded} already"
        return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=detail, version=now)
    if begun:
        if findable:
            return None
        lost = "the downgrade may have been begun by a daemon that was stopped meanwhile, and may still go on"
        return _refused(effect, f"{lost}: nothing is done twice, and {_place(act, now)}", now)
    if now.version != act.found:
        moved = f"the database is at {now.version}, and was at {act.found} when its downgrade was decided"
        return _refused(effect, f"{moved}: somebody else migrates it", now)
    return None


def after(effect: Effect, act: DatabaseAct, result: RunResult, now: VersionReading) -> Finished:
    """How the step ended, by its run and by the version after it."""
    arrived = now.known and now.version == act.recorded
    if arrived and (result.passed or result.ending is Ending.LOST):
        detail = f"the database was downgraded from {act.found} to {act.recorded}"
        return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=detail, version=now)
    if result.passed:
        why = f"the downgrade of the database ended well, but did not arrive at {act.recorded}"
    else:
        why = f"the downgrade of the database failed: {result}"
    return _refused(effect, f"{why}; {_place(act, now)}", now)


def _place(act: DatabaseAct, now: VersionReading) -> str:
    if not now.known:
        return f"at which version the database is now is not known: {now.problem}"
    if now.version == act.found:
        return f"the database is still at {now.version}"
    if now.version == act.recorded:
        return f"the database is at {now.version} all the same"
    return f"the database is at {now.version} now, neither {act.found} nor {act.recorded}"


def _refused(effect: Effect, detail: str, now: VersionReading) -> Finished:
    return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=detail, version=now)
