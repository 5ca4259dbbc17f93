"""``run``: the daemon."""

from __future__ import annotations

import click

from daemon.cli.framework import Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Run the daemon.",
    examples="""
rollbackd run --config rollbackd.yaml
rollbackd run --log-level debug
ROLLBACKD_PROMETHEUS__URL=http://localhost:9090 rollbackd run --kubeconfig ~/.kube/config
""",
)
@click.pass_obj
def run(session: Invocation) -> int:
    """Run the daemon until it is stopped (SIGTERM, Ctrl-C).

    This is what the container starts. It can as well run on your own machine with a kubeconfig. All its
    state is in the cluster's RolloutCases: stopped and started again, it goes on where it was.
    """
    return session.backend.run(session.settings)
