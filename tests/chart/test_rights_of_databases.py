"""Rights for a database's commands are granted where they are configured, and where the daemon runs them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.rendering import render

JOBS, EXEC = ("jobs", "create"), ("pods/exec", "create")
VERSION = {"version_command": {"exec": {"command": ["show"], "pod": "postgresql-0"}}}
BACK = {
    "backup_command": {"job": {"command": ["dump"]}},
    "downgrade_command": {"job": {"command": ["back", "{revision}"]}},
}


def granted(namespace: str, migration: dict[str, Any]) -> set[tuple[str, str]]:
    workloads = [
        {"namespace": "shop", "name": "cart", "signals": [], "migration": "orders"},
        {"namespace": "other", "name": "cart", "signals": []},
    ]
    config = {"workloads": workloads, "migrations": [{"name": "orders", **migration}]}
    made = render(values={"webhook": {"enabled": False}, "config": config})
    (role,) = [role for role in made.roles if role["metadata"]["namespace"] == namespace]
    rights = {(what, verb) for rule in role["rules"] for what in rule["resources"] for verb in rule["verbs"]}
    return rights & {JOBS, EXEC}


@pytest.mark.parametrize(
    ("migration", "rights"),
    [
        (VERSION, {EXEC}),
        (VERSION | BACK, {EXEC}),
        (VERSION | BACK | {"downgrade": "allowed"}, {EXEC, JOBS}),
        ({"version_command": {"job": {"command": ["show"]}}}, {JOBS}),
    ],
    ids=["reading", "people do the rest", "with leave", "a Job that reads"],
)
def test_rights_are_those_of_what_the_daemon_itself_runs(
    migration: dict[str, Any], rights: set[tuple[str, str]]
) -> None:
    assert granted("shop", migration) == rights
    assert granted("other", migration) == set()
