"""Cases as lines of a table, for the commands that list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli.invocation import Invocation
from daemon.presentation.words import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.core.case.case import Case


def print_listing(
    session: Invocation, head: str, rows: Sequence[tuple[str, ...]], owners: Sequence[str] = ()
) -> None:
    """``owners`` are those of each row; the column is there where somebody owns something."""
    if not rows:
        session.say("No cases: a case opens when a guarded Deployment gets a new revision.")
        return
    from daemon.cli.tables import listing

    heads: tuple[str, ...] = (head, "REVISION", "PHASE", "VERDICT", "AGE", "REASON")
    if any(owners):
        heads = (*heads[:-1], "OWNER", heads[-1])
        rows = [(*row[:-1], owner, row[-1]) for row, owner in zip(rows, owners, strict=True)]
    listing(session.console, heads, rows)


def row(session: Invocation, name: str, case: Case) -> tuple[str, ...]:
    from daemon.core.case.in_place_words import subject

    what = subject(case)
    unproven = case.phase.value == "Healthy" and not case.status.proven
    return (
        name,
        f"{case.spec.revision.number} ({case.spec.revision.tag}){f', {what}' if what else ''}",
        case.phase.value,
        "unproven" if unproven else case.status.verdict.value,
        age(case.spec.opened_at, session.backend.clock().now()),
        f"NOT WELL, not a rollout: {case.status.trouble.text}"
        if case.status.trouble is not None
        else case.status.reason,
    )


def warn_of_unreadable(session: Invocation) -> None:
    for name, why in session.store.unreadable().items():
        click.echo(f"warning: case {name} makes no sense: {why}", err=True)
