"""The version of a database that releases migrate: how it is read, and what may be done about it.

Nothing here knows which tool migrates, or which database it is: versions are words that commands print.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec.structs import replace

from daemon.core.runs import JobCommand, PodCommand, RunResult, Task
from daemon.core.value import Instant, Value

PLACEHOLDER = "{revision}"
"""An argument of a command that stands for the version to return to."""
VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,199}")
"""What may be a version. It becomes an argument of a command, so it must not look like an option."""


class DowngradeChoice(StrEnum):
    """Whether a rollback may take the database back as well. Data can be lost by that."""

    FORBIDDEN = "forbidden"
    ALLOWED = "allowed"


class DatabaseCommand(Value, frozen=True, omit_defaults=True):
    """A command in a Job of its own or in a running pod, as :mod:`daemon.core.runs` has them; ``timeout`` in
    seconds. ``pod`` counts for ``exec`` alone, ``labels`` for ``job`` alone."""

    kind: Literal["job", "exec"]
    command: tuple[str, ...]
    container: str = ""
    pod: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0

    @property
    def task(self) -> Task:
        if self.kind == "job":
            return JobCommand(command=self.command, container=self.container, labels=self.labels)
        return PodCommand(command=self.command, container=self.container, pod=self.pod)

    def to(self, version: str) -> DatabaseCommand:
        """The command with the version as the one argument that stands for it."""
        return replace(self, command=tuple(version if w == PLACEHOLDER else w for w in self.command))

    def __str__(self) -> str:
        return shlex.join(self.command)


class MigrationPolicy(Value, frozen=True):
    """What the operator decided of a workload's database. ``pattern`` is a regular expression with one group
    that finds the version in what ``version`` prints; where empty, it is the last word of the last line."""

    version: DatabaseCommand
    pattern: str = ""
    downgrades: DowngradeChoice = DowngradeChoice.FORBIDDEN
    backup: DatabaseCommand | None = None
    downgrade: DatabaseCommand | None = None


def tasks_of(policy: MigrationPolicy | None) -> tuple[Task, ...]:
    """Everything that may be run: a downgrade that is forbidden is not."""
    if policy is None:
        return ()
    allowed = policy.downgrades is DowngradeChoice.ALLOWED
    commands = (policy.version, *((policy.backup, policy.downgrade) if allowed else ()))
    return tuple(command.task for command in commands if command is not None)


class DatabaseAct(Value, frozen=True, omit_defaults=True):
    """What a step does to the database, as it was intended: settings that change meanwhile do not change it.

    ``recorded`` is the version that the target was found healthy with, ``found`` the one when it was decided.
    """

    version: DatabaseCommand
    pattern: str = ""
    recorded: str = ""
    found: str = ""
    command: DatabaseCommand | None = None

    @property
    def seconds(self) -> float:
        """How long it may take at the most, with the readings before and after it."""
        return 2 * self.version.timeout + (self.command.timeout if self.command is not None else 0.0)


class VersionReading(Value, frozen=True, omit_defaults=True):
    """The database's version at a moment, or the ``problem`` for which it is not known."""

    at: Instant
    version: str = ""
    problem: str = ""

    @property
    def known(self) -> bool:
        return bool(self.version)


class MigrationRecord(Value, frozen=True, omit_defaults=True):
    """What a case knows of the database's version."""

    begun: VersionReading | None = None
    """When the rollout was first seen."""
    healthy: VersionReading | None = None
    """When the revision had been found healthy: what a rollback to it must find, or return to."""
    recorded: VersionReading | None = None
    """What the target was found healthy with, once there is a target."""
    decided: VersionReading | None = None
    """When a rollback was decided, or read again before one."""


def version_in(result: RunResult, pattern: str, at: datetime) -> VersionReading:
    """The version in what its command printed. What is not plainly one version is none.

    >>> from daemon.core.runs import Ending
    >>> done = RunResult(ending=Ending.FINISHED, passed=True, code=0, output="INFO ready\\nc3d4")
    >>> version_in(done, "", datetime(2026, 1, 5)).version
    'c3d4'
    """
    if not result.passed:
        return VersionReading(at=at, problem=f"the command that reads it did not end well: {result}")
    found = tuple(dict.fromkeys(_found(result.output, pattern)))
    if not found:
        where = "what it printed" if pattern == "" else f"what it printed by the pattern {pattern!r}"
        return VersionReading(at=at, problem=f"there is none in {where}: {_quoted(result.output)}")
    if len(found) > 1:
        return VersionReading(at=at, problem=f"there are several at once: {', '.join(found)}"[:300])
    if not VERSION.fullmatch(found[0]):
        return VersionReading(at=at, problem=f"this does not look like one: {_quoted(found[0])}")
    return VersionReading(at=at, version=found[0])


def _found(output: str, pattern: str) -> list[str]:
    if not pattern:
        return output.split()[-1:]
    return [match.group(1) or "" for match in re.finditer(pattern, output, re.MULTILINE)]


def _quoted(text: str) -> str:
    return repr(" ".join(text.split())[-100:]) if text.strip() else "nothing"
