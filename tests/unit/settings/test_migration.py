"""The settings of a database: whole before anything is run, and never a way into a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.migration import DatabaseCommand, DowngradeChoice, MigrationPolicy
from daemon.core.model import WorkloadRef
from daemon.settings import SettingsError, load

SETTINGS = """
workloads:
  - {namespace: shop, name: cart, signals: [], migration: orders}
  - {namespace: other, name: mail, signals: []}
migrations:
  - name: orders
"""
VERSION = "    version_command: {exec: {pod: postgresql-0, command: [show]}}\n"
BACKUP = "    backup_command: {exec: {pod: postgresql-0, command: [dump]}, timeout: 10m}\n"
DOWNGRADE = "    downgrade_command: {job: {command: [alembic, downgrade, '{revision}'], labels: {b: c}}}\n"
REF = WorkloadRef(namespace="shop", name="cart")


def test_all_of_it_reaches_the_policy_of_the_workload_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "rollbackd.yaml"
    file.write_text(SETTINGS + VERSION + BACKUP + DOWNGRADE + "    downgrade: allowed\n")
    settings = load(file)
    assert settings.policy_for(REF, {}).migration == MigrationPolicy(
        version=DatabaseCommand(kind="exec", command=("show",), pod="postgresql-0"),
        backup=DatabaseCommand(kind="exec", command=("dump",), pod="postgresql-0", timeout=600.0),
        downgrade=DatabaseCommand(
            kind="job", command=("alembic", "downgrade", "{revision}"), labels=(("b", "c"),)
        ),
        downgrades=DowngradeChoice.ALLOWED,
    )
    assert settings.policy_for(WorkloadRef(namespace="other", name="mail"), {}).migration is None
    assert settings.runs == {"shop": {"exec", "job"}, "other": frozenset()}


def test_what_people_alone_run_needs_no_right_of_the_daemon(tmp_path: Path) -> None:
    file = tmp_path / "rollbackd.yaml"
    file.write_text(SETTINGS + VERSION + BACKUP + DOWNGRADE)
    assert load(file).runs["shop"] == {"exec"}


BAD = {
    "no command": ("    downgrade: forbidden\n", "migrations[0].version_command", "missing", ""),
    "neither kind": (
        "    version_command: {timeout: 5}\n",
        "migrations[0].version_command",
        "this has neither",
        "exactly one",
    ),
    "allowed without a backup": (
        VERSION + DOWNGRADE + "    downgrade: allowed\n",
        "migrations[0].downgrade",
        "there is no backup_command",
        "downgrade: forbidden",
    ),
    "allowed without a way back": (
        VERSION + BACKUP + "    downgrade: allowed\n",
        "migrations[0].downgrade",
        "there is no downgrade_command",
        "add downgrade_command",
    ),
    "a version inside of a word": (
        VERSION + "    downgrade_command: {job: {command: [sh, -c, 'alembic downgrade {revision}']}}\n",
        "migrations[0].downgrade_command",
        "could be read as a command",
        'tool "$1"',
    ),
    "a downgrade to nowhere": (
        VERSION + "    downgrade_command: {job: {command: [alembic, downgrade, '-1']}}\n",
        "migrations[0].downgrade_command",
        "0 times",
        "where the tool takes",
    ),
    "a version before it was read": (
        "    version_command: {job: {command: [show, '{revision}']}}\n",
        "migrations[0].version_command",
        "not known before",
        "take it out",
    ),
    "not a pattern": (
        "    version_command: {job: {command: [show]}, pattern: '('}\n",
        "migrations[0].version_command.pattern",
        "not a regular expression",
        "",
    ),
    "a pattern without a group": (
        "    version_command: {job: {command: [show]}, pattern: '[a-f]+'}\n",
        "migrations[0].version_command.pattern",
        "has 0 groups",
        "parentheses",
    ),
    "a word of its own": (
        VERSION + "    downgrade: maybe\n",
        "migrations[0].downgrade",
        "'maybe' is not one of forbidden, allowed",
        "write one of",
    ),
}


@pytest.mark.parametrize(("text", "field", "message", "remedy"), BAD.values(), ids=BAD.keys())
def test_a_command_that_could_not_do_its_work_is_refused(
    tmp_path: Path, text: str, field: str, message: str, remedy: str
) -> None:
    file = tmp_path / "rollbackd.yaml"
    file.write_text(SETTINGS + text)
    with pytest.raises(SettingsError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert message in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("before", "after", "field", "message"),
    [
        ("migration: orders", "migration: ordres", "workloads[0].migration", "migrations has no 'ordres'"),
        (", migration: orders", "", "migrations[0].name", "no workload has 'migration: orders'"),
    ],
)
def test_a_database_that_nobody_names_is_not_passed_over(
    tmp_path: Path, before: str, after: str, field: str, message: str
) -> None:
    file = tmp_path / "rollbackd.yaml"
    file.write_text((SETTINGS + VERSION).replace(before, after))
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert (field, message) in [(p.field, p.message[: len(message)]) for p in caught.value.problems]
