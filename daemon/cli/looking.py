"""The commands that list: status, history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli import naming
from daemon.cli.framework import BAD, OK, Command
from daemon.cli.session import Invocation
from daemon.cli.words import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.core.case.case import Case

NEEDS_A_PERSON = frozenset({"AwaitingApproval", "Held", "Unrecovered", "Advised"})
"""Phases that the daemon does not leave by itself, and that are not well."""


@click.command(
    cls=Command,
    examples="""
rollbackd status
rollbackd status -n shop
rollbackd status -o json | jq -r '.[] | select(.phase == "Unrecovered").workload'
""",
)
@click.pass_obj
def status(session: Invocation) -> int:
    """Show each guarded workload with its newest rollout.

    PHASE says how far the case is, VERDICT what the evidence says of the revision, REASON why. Exit code 1
    while some workload needs a person: its case is AwaitingApproval, Held, Advised or Unrecovered, or its
    pods are not well though no rollout is under way, which REASON says.
    """
    from daemon.web.render import newest_by_workload, summary

    cases = naming.cases_of(session, None, session.store.cases())
    newest = sorted(newest_by_workload(cases).values(), key=lambda case: case.ref)
    _warn_of_unreadable(session)
    if session.json:
        session.emit([summary(case) for case in newest])
    else:
        rows = [_row(session, str(case.ref), case) for case in newest]
        _print(session, "WORKLOAD", rows + _without_cases(session, newest))
    return BAD if any(_needs_a_person(case) for case in newest) else OK


def _needs_a_person(case: Case) -> bool:
    return case.phase.value in NEEDS_A_PERSON or case.status.trouble is not None


@click.command(
    cls=Command,
    examples="""
rollbackd history
rollbackd history cart --limit 5
rollbackd history shop/cart -o json
""",
)
@click.argument("workload", required=False, shell_complete=naming.propose_workloads)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most this many."
)
@click.pass_obj
def history(session: Invocation, workload: str | None, limit: int) -> int:
    """List the cases, of one WORKLOAD or of all.

    One line is one rollout, the newest first. Finished cases are also the daemon's memory of which
    revisions are known good: it keeps as many as policy.keep says.
    """
    from daemon.ports import Missing
    from daemon.web.render import summary

    cases = naming.cases_of(session, workload, session.store.cases())
    _warn_of_unreadable(session)
    if workload is not None and not cases:
        raise Missing(
            f"there is no case of {workload}: none of its rollouts was seen yet, see rollbackd status"
        )
    if session.json:
        session.emit([summary(case) for case in cases[:limit]])
    else:
        rows = [_row(session, case.key, case) for case in cases[:limit]]
        _print(session, "CASE", rows)
    return OK


def _print(session: Invocation, head: str, rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        session.say("No cases: a case opens when a guarded Deployment gets a new revision.")
        return
    from daemon.cli.tables import listing

    listing(session.console, (head, "REVISION", "PHASE", "VERDICT", "AGE", "REASON"), rows)


def _row(session: Invocation, name: str, case: Case) -> tuple[str, ...]:
    unproven = case.phase.value == "Healthy" and not case.status.proven
    return (
        name,
        f"{case.spec.revision.number} ({case.spec.revision.tag})",
        case.phase.value,
        "unproven" if unproven else case.status.verdict.value,
        age(case.spec.opened_at, session.parts.clock().now()),
        f"NOT WELL, not a rollout: {case.status.trouble.text}"
        if case.status.trouble is not None
        else case.status.reason,
    )


def _without_cases(session: Invocation, newest: Sequence[Case]) -> list[tuple[str, ...]]:
    """Workloads that the settings name and that no case is about."""
    seen = {str(case.ref) for case in newest}
    named = [entry for entry in session.settings.workloads if entry.name is not None]
    return [
        (f"{entry.namespace}/{entry.name}", "", "", "", "", "no rollout seen yet")
        for entry in named
        if f"{entry.namespace}/{entry.name}" not in seen
        and session.options.namespace in (None, entry.namespace)
    ]


def _warn_of_unreadable(session: Invocation) -> None:
    for name, why in session.store.unreadable().items():
        click.echo(f"warning: case {name} makes no sense: {why}", err=True)
