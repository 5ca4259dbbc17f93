"""What must hold of the databases: a command is whole, and each database is somebody's."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.migration import PLACEHOLDER, DowngradeChoice
from daemon.settings.flaw import Flaw
from daemon.settings.migration import MOST_WORDS, DatabaseRun, MigrationSettings
from daemon.settings.model import Settings
from daemon.settings.problems import Location, instead

SHELL = f"""write it as a word alone; in a shell: [sh, -c, 'tool "$1"', sh, "{PLACEHOLDER}"]"""


def migrations(settings: Settings) -> Iterator[Flaw]:
    yield from _names(settings)
    for index, migration in enumerate(settings.migrations):
        here: Location = ("migrations", index)
        yield from _leave(migration, here)
        for field in ("version_command", "backup_command", "downgrade_command"):
            run: DatabaseRun | None = getattr(migration, field)
            if run is not None:
                yield from _command(run, field, (*here, field))


def _names(settings: Settings) -> Iterator[Flaw]:
    names = [migration.name for migration in settings.migrations]
    chosen = {workload.migration for workload in settings.workloads}
    for index, name in enumerate(names):
        here: Location = ("migrations", index, "name")
        if (first := names.index(name)) != index:
            yield Flaw(
                here, f"migrations[{first}] has the name {name!r} already", "give it another name", name
            )
        elif name not in chosen:
            # Else a workload whose releases migrate would be rolled back as if they did not.
            message = f"no workload has 'migration: {name}', so nothing is read"
            yield Flaw(here, message, "name it in the workload that it belongs to, or take it out", name)
    for place, workload in enumerate(settings.workloads):
        if workload.migration is not None and workload.migration not in names:
            remedy = instead(workload.migration, names) if names else "add it to migrations"
            message = f"migrations has no {workload.migration!r}"
            yield Flaw(("workloads", place, "migration"), message, remedy, workload.migration)


def _leave(migration: MigrationSettings, here: Location) -> Iterator[Flaw]:
    """Taking the database back is never without a backup."""
    if migration.downgrade is not DowngradeChoice.ALLOWED:
        return
    for field in ("backup_command", "downgrade_command"):
        if getattr(migration, field) is None:
            message = f"downgrade is allowed, and there is no {field}"
            yield Flaw(
                (*here, "downgrade"), message, f"add {field}, or write downgrade: forbidden", "allowed"
            )


def _command(run: DatabaseRun, field: str, here: Location) -> Iterator[Flaw]:
    if len(run.forms) != 1:
        has = "both" if run.forms else "neither"
        yield Flaw(here, f"a command is one of job and exec, and this has {has}", "give exactly one")
        return
    if sum(map(len, run.words)) > MOST_WORDS:
        message = f"the command has more than {MOST_WORDS} characters, and each case keeps it"
        yield Flaw(here, message, "put it into a script in the image")
    holding = [word for word in run.words if PLACEHOLDER in word]
    if field == "version_command" and holding:
        yield Flaw(here, f"{PLACEHOLDER} is not known before the version was read", "take it out", holding[0])
    elif inside := [word for word in holding if word != PLACEHOLDER]:
        message = f"{PLACEHOLDER} must be an argument of its own, or a version could be read as a command"
        yield Flaw(here, message, SHELL, inside[0])
    elif field == "downgrade_command" and len(holding) != 1:
        message = f"the command holds {PLACEHOLDER} {len(holding)} times, so where it leads is not said"
        yield Flaw(here, message, f"write {PLACEHOLDER} where the tool takes the version to return to")
