"""What only a person can do with the database: commands for where the daemon leaves it as it is."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.database import Database, MigrationState
from daemon.core.case.database_commands import typed
from daemon.core.case.runbook_line import Line


def by_hand(case: Case, database: Database | None) -> tuple[Line, ...]:
    """Lines to put before the plan's own; none where the database is as the target needs it, or where the
    plan takes it back."""
    if database is None or database.downgrades or database.state is MigrationState.SAME:
        return ()
    read = Line(
        text="see at which version the database is",
        state="to do",
        commands=typed(case, database.policy.version),
    )
    if database.state is not MigrationState.MIGRATED:
        return (read,) if database.state is MigrationState.UNKNOWN else ()
    return (read, *_back(case, database))


def _back(case: Case, database: Database) -> tuple[Line, ...]:
    act, policy = database.act(downgrade=True), database.policy
    backup, downgrade = policy.backup, act.command
    lines = []
    if backup is not None:
        text = "back up the database; where the target can do with it as it is, leave this and the next out"
        lines.append(Line(text=text, state="to do", commands=typed(case, backup)))
    words = f"downgrade the database from {act.found} to {act.recorded}; data can be lost"
    commands = typed(case, downgrade, of=case.spec.revision) if downgrade is not None else ()
    return (*lines, Line(text=words, state="to do", commands=commands))
