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
rollbackd approve cart-r8 --to-revision 5
""",
)
@click.argument("case", shell_complete=lookup.propose_cases)
@click.option("--reason", default="", help="Why; it goes into the case's timeline.")
@click.option("--to-revision", type=click.IntRange(min=1), help="To this one, not to the daemon's choice.")
@click.option("--unproven", is_flag=True, help="With --to-revision: even to one that no case found healthy.")
@by_option
@click.pass_obj
def approve(
    session: Invocation, case: str, reason: str, to_revision: int | None, unproven: bool, by: str
) -> int:
    """Let the daemon roll back the revision of a CASE.

    For cases that are AwaitingApproval, Held or Advised. The instruction is written into the case, with the
    name of who gives it; the running daemon obeys it within seconds. It goes before freeze windows, pauses
    and limits, and not before the emergency stop. Exit code 1 when the case needs no approval.
    """
    from msgspec import structs

    from daemon.core.case.instructing import untimely

    if unproven and to_revision is None:
        raise click.UsageError("--unproven is about --to-revision: name the revision.")

    found = lookup.case(session, case)
    if why := untimely(found, "approve"):
        return too_late(session, found, why)
    order = order_of(session, "approve", reason, by)
    return instruct(session, found, structs.replace(order, revision=to_revision or 0, unproven=unproven))
