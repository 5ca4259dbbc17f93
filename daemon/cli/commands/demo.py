"""``demo``: a good and a bad release, in memory."""

from __future__ import annotations

import click

from daemon.cli.framework import Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Play a good and a bad release, in memory.",
    examples="""
rollbackd demo                          the story in about half a minute
rollbackd demo --speed 5 --port 8080    slower, with its page on http://127.0.0.1:8080/
rollbackd demo --port 8080 --keep       the page stays until Ctrl-C
""",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=15.0,
    show_default=True,
    help="How many times faster than real time.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Serve the page on this port; 0 takes a free one."
)
@click.option("--keep", is_flag=True, help="Keep the page when the story is over; needs --port.")
@click.pass_obj
def demo(session: Invocation, speed: float, port: int | None, keep: bool) -> int:
    """Play a good and a bad release, with the real engine and a cluster in memory.

    Needs neither Kubernetes nor Prometheus. The good release is found healthy, the bad one is found out,
    rolled back, and the recovery proven. Exit code 1 when the story ended otherwise.
    """
    if keep and port is None:
        raise click.UsageError("--keep has nothing to keep without the page: add --port 8080.")
    return session.backend.demo(speed=speed, port=port, keep=keep, say=session.say)
