"""``completion``: a script for the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from daemon.cli.framework import Command


@click.command(
    cls=Command,
    short_help="Print a script for completion with Tab.",
    examples="""
source <(rollbackd completion bash)                  for this shell; or in ~/.bashrc
rollbackd completion zsh > ~/.zfunc/_rollbackd       with ~/.zfunc in fpath
rollbackd completion fish > ~/.config/fish/completions/rollbackd.fish
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print a script that completes commands, options, workloads and cases with Tab.

    Names of workloads and cases are read from the cluster, with the settings that are found without options.
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "rollbackd", "_ROLLBACKD_COMPLETE").source())
    return 0
