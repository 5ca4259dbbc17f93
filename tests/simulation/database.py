"""A database in memory with the commands that read, back up and downgrade it."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.adapters.simulation.runner import Program, Start
from daemon.core.migration import PLACEHOLDER, DatabaseCommand, DowngradeChoice, MigrationPolicy
from daemon.core.runs import Kind

OLD, HALF, NEW = "a1b2", "b2c3", "c3d4"


class TwinDatabase:
    """``fails_at``: a downgrade stops at this version and fails. ``silent``: its version cannot be read."""

    def __init__(self) -> None:
        self.version = OLD
        self.backups: list[str] = []
        """The versions that were backed up."""
        self.downgrades: list[str] = []
        """The versions that downgrades began at."""
        self.fails_at = ""
        self.disk_full = False
        self.silent = False

    @property
    def programs(self) -> Mapping[str, Program | Start]:
        return {"version": self._read, "backup": self._back_up, f"downgrade {OLD}": self._downgrade}

    def _read(self) -> Program:
        if self.silent:
            return Program(code=2, output=b"connection refused")
        return Program(output=f"INFO connected\n{self.version}\n".encode())

    def _back_up(self) -> Program:
        if self.disk_full:
            return Program(code=1, output=b"No space left on device")
        self.backups.append(self.version)
        return Program(output=b"dumped 40 MB")

    def _downgrade(self) -> Program:
        self.downgrades.append(self.version)
        if self.fails_at:
            self.version = self.fails_at
            return Program(code=1, output=b"column is in use")
        self.version = OLD
        return Program(output=b"downgraded")


def policy_of(kind: Kind, choice: DowngradeChoice = DowngradeChoice.ALLOWED) -> MigrationPolicy:
    assert kind != "http"
    return MigrationPolicy(
        version=DatabaseCommand(kind="exec", command=("version",), pod="postgresql-0"),
        backup=DatabaseCommand(kind=kind, command=("backup",), pod="postgresql-0", timeout=300.0),
        downgrade=DatabaseCommand(
            kind=kind, command=("downgrade", PLACEHOLDER), pod="postgresql-0", timeout=60.0
        ),
        downgrades=choice,
    )
