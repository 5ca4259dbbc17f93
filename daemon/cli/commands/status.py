"""``status``: each guarded workload with its newest case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.case_listing import for_programs, print_listing, row, warn_of_unreadable
from daemon.cli.framework import BAD, LISTING, OK, Command
from daemon.cli.invocation import Invocation
from daemon.presentation.words import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.core.case.case import Case

PACE = 2.0
"""Seconds between two looks while it is watched."""
FOR_PEOPLE = ("table", "wide")
NEEDS_A_PERSON = frozenset({"AwaitingApproval", "Held", "Unrecovered", "Advised"})
"""Phases that the daemon does not leave by itself, and that are not well."""


@click.command(
    cls=Command,
    formats=LISTING,
    examples="""
rollbackd status
rollbackd status -n shop
rollbackd status --watch
rollbackd status -o wide
rollbackd status -o json | jq -r '.[] | select(.phase == "Unrecovered").workload'
""",
)
@click.option("--watch", "-w", is_flag=True, help="Go on, and print what changes, until Ctrl-C.")
@click.pass_obj
def status(session: Invocation, watch: bool) -> int:
    """Show each guarded workload with its newest rollout.

    PHASE says how far the case is, VERDICT what the evidence says of the revision, REASON why. Exit code 1
    while some workload needs a person: its case is AwaitingApproval, Held, Advised or Unrecovered, or its
    pods are not well though no rollout is under way, which REASON says.
    """
    if watch and session.options.output not in (None, *FOR_PEOPLE):
        raise click.UsageError("--watch is for people; programs: kubectl get rolloutcases --watch -o json.")
    newest = _newest(session)
    warn_of_unreadable(session)
    if not for_programs(session, newest):
        _print(session, newest)
    return _followed(session, newest) if watch else _code(newest)


def _newest(session: Invocation) -> list[Case]:
    from daemon.presentation.case_views import newest_by_workload

    cases = lookup.cases_of(session, None, session.store.cases())
    return sorted(newest_by_workload(cases).values(), key=lambda case: case.ref)


def _code(newest: Sequence[Case]) -> int:
    return BAD if any(_needs_a_person(case) for case in newest) else OK


def _print(session: Invocation, newest: Sequence[Case], *, changes: bool = False) -> None:
    rest = [] if changes else _without_cases(session, newest)
    owners = [] if changes else [_owner(case) for case in newest] + [""] * len(rest)
    rows = [row(session, str(case.ref), case) for case in newest]
    print_listing(session, "WORKLOAD", rows + rest, owners, newest)


def _followed(session: Invocation, newest: Sequence[Case]) -> int:
    """What changes is printed below, as ``kubectl get --watch`` does; Ctrl-C is how it ends."""
    from daemon.ports import Unavailable

    trouble = ""
    try:
        while True:
            session.backend.sleep(PACE)
            try:
                now = _newest(session)
            except Unavailable as error:
                if str(error) != trouble:
                    trouble = str(error)
                    click.echo(f"note: {clean(trouble)}", err=True)
                continue
            trouble, before = "", {case.ref: _seen(case) for case in newest}
            changed = [case for case in now if before.get(case.ref) != _seen(case)]
            if changed:
                _print(session, changed, changes=True)
            newest = now
    except KeyboardInterrupt:
        return _code(newest)


def _seen(case: Case) -> tuple[object, ...]:
    """What a line of it shows, but for its age."""
    status = case.status
    return (case.name, status.phase, status.verdict, status.reason, status.proven, status.trouble)


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
    named = [entry for entry in session.looking.workloads if entry.name is not None]
    return [
        (f"{entry.namespace}/{entry.name}", "", "", "", "", "no rollout seen yet")
        for entry in named
        if f"{entry.namespace}/{entry.name}" not in seen
        and session.options.namespace in (None, entry.namespace)
    ]
