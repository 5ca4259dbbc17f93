"""``version``."""

from __future__ import annotations

import platform

import click

from daemon import __version__
from daemon.cli.framework import Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Print the version.",
    examples="""
rollbackd version
rollbackd version -o json
""",
)
@click.pass_obj
def version(session: Invocation) -> int:
    """Print the version (also: rollbackd --version)."""
    if session.json:
        session.emit({"version": __version__, "python": platform.python_version()})
    else:
        session.say(f"rollbackd {__version__}")
    return 0
