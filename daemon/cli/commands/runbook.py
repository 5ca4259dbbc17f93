"""``runbook``: one case's plan as the commands that a person would type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from daemon.core.case.case import Case
    from daemon.core.case.runbook_line import Line


@click.command(
    cls=Command,
    short_help="Print a CASE's plan as commands.",
    examples="""
rollbackd runbook cart-r8           the beginning of a case's name is enough
rollbackd runbook cart              the newest case of the workload
rollbackd runbook cart -o json
""",
)
@click.argument("case", metavar="CASE|WORKLOAD", shell_complete=lookup.propose_cases)
@click.pass_obj
def runbook(session: Invocation, case: str) -> int:
    """Print the steps of a CASE's plan, how far each is, and the commands that a person would type for it.

    Before the rollback was begun it is the plan that an approval would begin. Nothing is run.
    """
    from daemon.core.case.runbook import runbook as planned

    found = lookup.case_or_newest(session, case)
    lines = planned(found, session.looking.policy_for(found.ref, {}))
    if session.json:
        session.emit(list(lines))
    else:
        _print(session, found, lines)
    return OK


def _print(session: Invocation, case: Case, lines: Sequence[Line]) -> None:
    from daemon.cli.tables import text

    show = session.console.print
    show(text(f"{case.key}, {case.phase.value}: {case.status.reason}", "bold"))
    if not lines:
        show(text("There is no plan: no revision to return to was chosen."))
    for number, line in enumerate(lines, start=1):
        show()
        show(text(f"{number}. {line.text} ({line.state})"))
        for command in line.commands:
            # Whole on one line, however narrow the terminal is: it is there to be copied.
            show(text(f"   {command}"), soft_wrap=True)
