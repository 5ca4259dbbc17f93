"""The command-line interface: arguments in, words out. Commands are imported when they are used."""

from __future__ import annotations


def main() -> None:
    """The console script; ends with the exit code that ``rollbackd --help`` documents."""
    from daemon.cli.root import cli

    cli(prog_name="rollbackd")


def plugin() -> None:
    """The same as kubectl finds it: ``kubectl rollbackd …`` runs ``kubectl-rollbackd``."""
    from daemon.cli.root import cli

    cli(prog_name="kubectl rollbackd", complete_var="_ROLLBACKD_COMPLETE")
