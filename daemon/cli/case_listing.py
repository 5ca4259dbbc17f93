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
    session: Invocation,
    head: str,
    rows: Sequence[tuple[str, ...]],
    owners: Sequence[str] = (),
    cases: Sequence[Case] = (),
) -> None:
    """``owners`` are those of each row; the column is there where somebody owns something.

    ``cases`` are those of the first rows, for what ``-o wide`` adds.
    """
    if not rows:
        where = ", ".join(session.looking.namespaces)
        session.say(f"No cases in {where}: a case opens when a guarded Deployment gets a new revision.")
        return
    from daemon.cli.tables import listing

    heads: tuple[str, ...] = (head, "REVISION", "PHASE", "VERDICT", "AGE", "REASON")
    if any(owners):
        heads = (*heads[:-1], "OWNER", heads[-1])
        rows = [(*row[:-1], owner, row[-1]) for row, owner in zip(rows, owners, strict=True)]
    if session.options.output == "wide":
        heads = (*heads[:-1], "CASE", "IMAGE", "RETURN TO", heads[-1])
        wide = [_wide(case) for case in cases] + [("", "", "")] * (len(rows) - len(cases))
        rows = [(*row[:-1], *more, row[-1]) for row, more in zip(rows, wide, strict=True)]
    listing(session.console, heads, rows)


def for_programs(session: Invocation, cases: Sequence[Case]) -> bool:
    """Writes them by name or as one document, where that was asked for."""
    if session.options.output == "name":
        for case in cases:
            session.name(case)
        return True
    if session.json:
        from daemon.presentation.case_views import summary

        session.emit([summary(case) for case in cases])
    return session.json


def _wide(case: Case) -> tuple[str, str, str]:
    target = case.status.target
    return case.name, case.spec.revision.image, "" if target is None else str(target)


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
