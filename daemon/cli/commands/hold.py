"""``hold``: keep the daemon from rolling a case back."""

from __future__ import annotations

import click

from daemon.cli import lookup
from daemon.cli.framework import Command
from daemon.cli.instructions import by_option, instruct, order_of, too_late
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Keep the daemon from rolling a CASE back.",
    examples="""
rollbackd hold cart-r8 --reason "the load test is ours"
""",
)
@click.argument("case", shell_complete=lookup.propose_cases)
@click.option("--reason", default="", help="Why; it goes into the case's timeline.")
@by_option
@click.pass_obj
def hold(session: Invocation, case: str, reason: str, by: str) -> int:
    """Keep the daemon from rolling back the revision of a CASE.

    For cases whose rollback has not begun. The daemon goes on watching and notifying; approve undoes it. Exit
    code 1 when it is too late.
    """
    from daemon.core.case.instructing import untimely

    found = lookup.case(session, case)
    if why := untimely(found, "hold"):
        return too_late(session, found, why)
    return instruct(session, found, order_of(session, "hold", reason, by))
