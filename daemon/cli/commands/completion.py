"""``completion``: a script for the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from daemon.cli.framework import Command

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    short_help="Print a script for completion with Tab.",
    examples="""
source <(rollbackd completion bash)                  for this shell; or in ~/.bashrc
rollbackd completion zsh > ~/.zfunc/_rollbackd       with ~/.zfunc in fpath
rollbackd completion fish > ~/.config/fish/completions/rollbackd.fish
""",
)
@click.argument("shell", required=False, metavar="bash|zsh|fish")
@click.pass_context
def completion(context: click.Context, shell: str | None) -> int:
    """Print a script that completes commands, options, workloads and cases with Tab.

    Names of workloads and cases are read from the cluster, with the settings that are found without options.
    """
    if shell not in SHELLS:
        raise click.UsageError(f"{_problem(shell)}: there are scripts for {', '.join(SHELLS)}.")
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "rollbackd", "_ROLLBACKD_COMPLETE").source())
    return 0


def _problem(shell: str | None) -> str:
    return f"{shell!r} is not a shell that is known here" if shell else "name the shell"
