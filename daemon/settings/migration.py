"""How the version of a workload's database is read, and whether a rollback may take it back."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from daemon.core.migration import DatabaseCommand, DowngradeChoice, MigrationPolicy
from daemon.settings.problems import complaint
from daemon.settings.smoke_tests import ExecTest, JobTest
from daemon.settings.types import Duration, Group, SignalName


def _pattern(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise complaint(f"{value!r} is not a regular expression: {error}", "try it in Python's re") from None
    if value and groups != 1:
        raise complaint(
            f"{value!r} has {groups} groups, and the version is what the one group finds",
            "put parentheses around the version alone; write others as (?:…)",
        )
    return value


MOST_WORDS = 4000
"""Characters of a command: the case keeps it as it was intended."""
Pattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_pattern)]


class DatabaseRun(Group):
    """A command, in a Job or in a running pod: exactly one of `job` and `exec`."""

    job: JobTest | None = Field(default=None, description="A command in a Job of its own.")
    exec: ExecTest | None = Field(default=None, description="A command in a running pod.")
    timeout: Duration = Field(
        default=30.0, ge=1, le=86_400, description="Seconds until it is given up, and has failed."
    )

    @property
    def forms(self) -> tuple[Literal["job", "exec"], ...]:
        """Which of the two it has; one where the settings were checked."""
        return (*(("job",) if self.job is not None else ()), *(("exec",) if self.exec is not None else ()))

    @property
    def words(self) -> tuple[str, ...]:
        """The command's words; none where it has none."""
        form = self.job or self.exec
        return form.command if form is not None else ()

    @property
    def run(self) -> DatabaseCommand:
        """Raises ValueError for settings that were never checked."""
        if self.job is not None:
            return DatabaseCommand(
                kind="job",
                command=self.job.command,
                container=self.job.container,
                labels=tuple(sorted(self.job.labels.items())),
                timeout=self.timeout,
            )
        if self.exec is not None:
            return DatabaseCommand(
                kind="exec",
                command=self.exec.command,
                container=self.exec.container,
                pod=self.exec.pod,
                timeout=self.timeout,
            )
        raise ValueError("a command is neither a job nor an exec")


class VersionRun(DatabaseRun):
    """The command that prints the version, and how it is found in that."""

    pattern: Pattern = Field(
        default="",
        description=(
            "A regular expression with one group, which finds the version in what the command prints (`^` "
            "and `$` are the ends of a line). Empty: the last word of the last line"
        ),
    )


class MigrationSettings(Group):
    """A database that releases migrate. A workload names it in its own `migration`.

    The version is read when a revision was found healthy, and again when a rollback is decided. Where the two
    differ, or one of them could not be read, nothing is rolled back by itself. Each command is exactly one of
    `job` and `exec`, as a smoke test's are. See [The database](database.md).
    """

    name: SignalName = Field(description="Short name, unique among the migrations; workloads name it.")
    downgrade: DowngradeChoice = Field(
        default=DowngradeChoice.FORBIDDEN,
        description=(
            "What a rollback does with a database that was migrated. `forbidden`: hold, and an approval "
            "returns to the template alone. `allowed`: back it up, take it back to the version that the "
            "target was found healthy with, read the version again, and only then put the template back. "
            "Data can be lost by that, so it needs `backup_command` and `downgrade_command`."
        ),
    )
    version_command: VersionRun = Field(
        description=(
            "Prints the version, and changes nothing: it may be run at any time, and again. It must be able "
            "to print a version that its image has no migration for, so ask the table and not the tool. A "
            "Job has the image of the revision that is known to be good; without `pod`, a command runs in "
            "any ready pod"
        )
    )
    backup_command: DatabaseRun | None = Field(
        default=None,
        description=(
            "Backs the database up; what does not end with 0 is no backup. A Job has the target's image"
        ),
    )
    downgrade_command: DatabaseRun | None = Field(
        default=None,
        description=(
            "Takes the database back: the one argument that is `{revision}` is the version to return to. It "
            "has the image, or a ready pod, of the release that is undone, for nothing else knows the way "
            "back"
        ),
    )

    @property
    def policy(self) -> MigrationPolicy:
        return MigrationPolicy(
            version=self.version_command.run,
            pattern=self.version_command.pattern,
            downgrades=self.downgrade,
            backup=self.backup_command.run if self.backup_command is not None else None,
            downgrade=self.downgrade_command.run if self.downgrade_command is not None else None,
        )
