"""``status``: each guarded workload with its newest case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.case_listing import print_listing, row, warn_of_unreadable
from daemon.cli.framework import BAD, OK, Command
from daemon.cli.invocation import Invocation

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
    from daemon.presentation.case_views import newest_by_workload, summary

    cases = lookup.cases_of(session, None, session.store.cases())
    newest = sorted(newest_by_workload(cases).values(), key=lambda case: case.ref)
    warn_of_unreadable(session)
    if session.json:
        session.emit([summary(case) for case in newest])
    else:
        rows = [row(session, str(case.ref), case) for case in newest]
        rest = _without_cases(session, newest)
        owners = [_owner(case) for case in newest] + [""] * len(rest)
        print_listing(session, "WORKLOAD", rows + rest, owners)
    return BAD if any(_needs_a_person(case) for case in newest) else OK


def _owner(case: Case) -> str:
    owned = case.status.ownership
    if owned is None or not owned.owners:
        return "not known" if owned is not None and owned.doubts else ""
    return str(owned)


def _needs_a_person(case: Case) -> bool:
    return case.phase.value in NEEDS_A_PERSON or case.status.trouble is not None


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
