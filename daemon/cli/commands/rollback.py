"""``rollback``: roll a workload back by hand."""

from __future__ import annotations

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation


@click.command(
    cls=Command,
    short_help="Roll a WORKLOAD back by hand.",
    examples="""
rollbackd rollback cart --dry-run         what would be done?
rollbackd rollback cart                   to the newest revision that is known good
rollbackd rollback cart --to-revision 7   as kubectl rollout undo --to-revision=7
rollbackd rollback cart --image v1.0.0 --yes
""",
)
@click.argument("workload", shell_complete=lookup.propose_workloads)
@click.option("--to-revision", type=click.IntRange(min=1), help="A revision of kubectl rollout history.")
@click.option("--image", metavar="TAG", help="Set the image's tag instead, or a whole image.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; the API server checks it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rollback(
    session: Invocation, workload: str, to_revision: int | None, image: str | None, dry_run: bool, yes: bool
) -> int:
    """Roll a WORKLOAD back by hand, and follow it until its pods are ready and healthy.

    Works with or without a running daemon, with kubectl's semantics. Without --to-revision and --image it
    returns to the newest revision that the cases prove good, else to the one before. A daemon that guards the
    workload sees the rollback as a rollout of its own and watches it. Exit code 1 when it did not come about.
    """
    if to_revision is not None and image is not None:
        raise click.UsageError("--to-revision and --image exclude each other: give one.")
    ref = lookup.workload(session, workload)
    if not dry_run and not yes:
        _confirm(f"Roll back {ref} to {_goal(to_revision, image)}?")
    session.quiet_log()
    code = session.backend.manual_rollback(
        session.settings, ref, to_revision=to_revision, image=image, dry_run=dry_run, say=session.say
    )
    if session.json:
        session.emit({"workload": str(ref), "dryRun": dry_run, "ok": code == OK})
    return code


def _goal(to_revision: int | None, image: str | None) -> str:
    if to_revision is not None:
        return f"revision {to_revision}"
    return f"image {image}" if image is not None else "its newest good revision"


def _confirm(question: str) -> None:
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        raise click.UsageError("not confirmed, nothing was done: answer y, or add --yes.") from None
