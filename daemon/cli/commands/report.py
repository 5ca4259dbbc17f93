"""``report``: one case as a postmortem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from daemon.core.case.case import Case


@click.command(
    cls=Command,
    short_help="Write a CASE's postmortem.",
    examples="""
rollbackd report cart-r8                          Markdown, for a wiki or a ticket
rollbackd report cart --format html > report.html one file, with its picture
rollbackd report cart --format json
""",
)
@click.argument("case", metavar="CASE|WORKLOAD", shell_complete=lookup.propose_cases)
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "json"]),
    default="md",
    help="Its form; md by default.",
)
@click.pass_obj
def report(session: Invocation, case: str, form: str) -> int:
    """Write what is known of a CASE: summary, timeline, evidence, what was changed and done, the proof, and
    the questions that are open.

    The picture of the evidence is in the HTML where matplotlib is installed (rollbackd[plot]).
    """
    from daemon.presentation import postmortem

    found = lookup.case_or_newest(session, case)
    policy = session.looking.policy_for(found.ref, {})
    made = postmortem.postmortem(found, policy)
    if session.json or form == "json":
        session.emit(made)
    elif form == "html":
        click.echo(postmortem.page(made, _picture(found)), nl=False)
    else:
        click.echo(postmortem.markdown(made), nl=False)
    return OK


def _picture(case: Case) -> bytes:
    """As SVG; empty where there is nothing to draw, or nothing to draw with."""
    import tempfile

    from daemon.presentation.figure import figure_of
    from daemon.presentation.picture import PictureError, draw

    figure = figure_of(case)
    if figure is None:
        return b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "evidence.svg")
        try:
            draw([figure], path)
        except PictureError:
            return b""
        return path.read_bytes()
