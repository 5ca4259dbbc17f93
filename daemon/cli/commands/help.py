"""``help``: the same as ``--help``, for those who type the word."""

from __future__ import annotations

import click

from daemon.cli.framework import Command


@click.command(
    cls=Command,
    short_help="Explain a COMMAND, or list them.",
    examples="""
rollbackd help
rollbackd help rollback
""",
)
@click.argument("command", required=False)
@click.pass_context
def help_(context: click.Context, command: str | None) -> int:
    """Explain a COMMAND as its --help does; without one, list the commands."""
    root = context.find_root()
    group = root.command
    assert isinstance(group, click.Group)
    if command is None:
        click.echo(group.get_help(root))
        return 0
    name, found, _ = group.resolve_command(root, [command])
    assert found is not None
    click.echo(found.get_help(click.Context(found, info_name=name, parent=root)))
    return 0
