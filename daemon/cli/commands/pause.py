"""``pause`` and ``resume``: keep the daemon from acting on a workload by itself, and let it again."""

from __future__ import annotations

import click

from daemon.cli import lookup
from daemon.cli.durations import DURATION
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Keep the daemon from acting on a WORKLOAD.",
    examples="""
rollbackd pause cart --for 2h
rollbackd pause shop/cart                 until rollbackd resume
""",
)
@click.argument("workload", shell_complete=lookup.propose_workloads)
@click.option("--for", "seconds", type=DURATION, help="How long, such as 2h; until resumed where left out.")
@click.pass_obj
def pause(session: Invocation, workload: str, seconds: float | None) -> int:
    """Keep the daemon from acting on a WORKLOAD by itself; it goes on watching and notifying.

    Writes the annotation rollbackd.io/pause on the Deployment, with your own rights. What is approved goes
    all the same. The end is by the API server's clock; a release that still fails then is decided anew.
    """
    ref = lookup.workload(session, workload)
    value = session.backend.pause(session.looking, ref, seconds)
    if session.json:
        session.emit({"workload": str(ref), "pause": value})
    else:
        how_long = value if seconds is not None else "until it is resumed"
        session.say(f"{ref} is paused {how_long}; take it off with: rollbackd resume {ref}")
    return OK


@click.command(
    cls=Command,
    short_help="Let the daemon act on a WORKLOAD again.",
    examples="""
rollbackd resume cart
""",
)
@click.argument("workload", shell_complete=lookup.propose_workloads)
@click.pass_obj
def resume(session: Invocation, workload: str) -> int:
    """Take the pause off a WORKLOAD, where there is one.

    The emergency stop (annotation rollbackd.io/stop) is another thing and stays.
    """
    ref = lookup.workload(session, workload)
    session.backend.resume(session.looking, ref)
    if session.json:
        session.emit({"workload": str(ref), "pause": None})
    else:
        session.say(f"{ref} is not paused")
    return OK
