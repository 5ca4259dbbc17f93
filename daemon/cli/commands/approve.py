"""``approve``: let the daemon roll a case back."""

from __future__ import annotations

import click

from daemon.cli import lookup
from daemon.cli.framework import Command
from daemon.cli.instructions import by_option, instruct, order_of, too_late
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Let the daemon roll a CASE back.",
    examples="""
rollbackd approve cart-r8
rollbackd approve cart-r8 --by anna --reason "agreed in #shop-incidents"
""",
)
@click.argument("case", shell_complete=lookup.propose_cases)
@click.option("--reason", default="", help="Why; it goes into the case's timeline.")
@by_option
@click.pass_obj
def approve(session: Invocation, case: str, reason: str, by: str) -> int:
    """Let the daemon roll back the revision of a CASE.

    For cases that are AwaitingApproval, Held or Advised. The instruction is written into the case, with the
    name of who gives it; the running daemon obeys it within seconds. Exit code 1 when the case needs no
    approval.
    """
    from daemon.core.case.case import APPROVABLE

    found = lookup.case(session, case)
    if found.phase not in APPROVABLE:
        return too_late(
            session, found, "approve", "only a case that awaits approval, is held or advised can be"
        )
    return instruct(session, found, order_of(session, "approve", reason, by))
