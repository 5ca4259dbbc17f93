"""``history``: the cases, newest first."""

from __future__ import annotations

import click

from daemon.cli import lookup
from daemon.cli.case_listing import for_programs, print_listing, row, warn_of_unreadable
from daemon.cli.framework import LISTING, OK, Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    formats=LISTING,
    examples="""
rollbackd history
rollbackd history cart --limit 5
rollbackd history shop/cart -o json
""",
)
@click.argument("workload", required=False, shell_complete=lookup.propose_workloads)
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

    cases = lookup.cases_of(session, workload, session.store.cases())
    warn_of_unreadable(session)
    if workload is not None and not cases:
        raise Missing(
            f"there is no case of {workload}: none of its rollouts was seen yet, see rollbackd status"
        )
    newest = cases[:limit]
    if not for_programs(session, newest):
        print_listing(session, "CASE", [row(session, case.key, case) for case in newest], cases=newest)
    return OK
