"""``rollback``: roll a workload back by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from daemon.engine.manual import Asked


@click.command(
    cls=Command,
    short_help="Roll a WORKLOAD back by hand.",
    examples="""
rollbackd rollback cart --dry-run         what would be done?
rollbackd rollback cart                   to the newest revision that is known good
rollbackd rollback cart --to-revision 7   as kubectl rollout undo --to-revision=7
rollbackd rollback cart --to-image v1.0.0 --yes
rollbackd rollback cart --to-image v1.0.0 --container web
""",
)
@click.argument("workload", shell_complete=lookup.propose_workloads)
@click.option("--to-revision", type=click.IntRange(min=1), help="A revision of kubectl rollout history.")
@click.option("--unproven", is_flag=True, help="Even to one that no case found healthy.")
@click.option(
    "--to-image",
    "--image",
    "images",
    metavar="TAG|DIGEST",
    multiple=True,
    help="Set the image's tag or digest instead, or a whole image.",
)
@click.option(
    "--container", "containers", metavar="NAME", multiple=True, help="Whose image; may be repeated."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; the API server checks it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rollback(
    session: Invocation,
    workload: str,
    to_revision: int | None,
    unproven: bool,
    images: tuple[str, ...],
    containers: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> int:
    """Roll a WORKLOAD back by hand, and follow it until its pods are ready and healthy.

    Works with or without a running daemon, with kubectl's semantics. Without --to-revision and --to-image it
    returns to the newest revision that the cases prove good, else to the one before. --to-image changes
    nothing but images: those of the containers named (one image for all, or one for each, in order), else the
    main container's with whatever changed together with it. A daemon that guards the workload sees the
    rollback as a rollout of its own and watches it; freeze windows and pauses do not hold a person, the
    emergency stop does. Exit code 1 when it did not come about.
    """
    asked = _asked(to_revision, unproven, images, containers)
    ref = lookup.workload(session, workload)
    session.quiet_log()
    code = session.backend.manual_rollback(
        session.looking,
        ref,
        asked=asked,
        dry_run=dry_run,
        say=session.say,
        agrees=_agreed if yes else _confirmed,
    )
    if session.json:
        session.emit({"workload": str(ref), "dryRun": dry_run, "ok": code == OK})
    return code


def _asked(
    to_revision: int | None, unproven: bool, images: tuple[str, ...], containers: tuple[str, ...]
) -> Asked:
    """The options as one wish. Raises UsageError where they contradict each other."""
    from daemon.core.case.images import AskedImage
    from daemon.engine.manual import Asked

    if to_revision is not None and images:
        raise click.UsageError("--to-revision and --to-image exclude each other: give one.")
    if unproven and to_revision is None:
        raise click.UsageError("--unproven is about --to-revision: name the revision.")
    if containers and not images:
        raise click.UsageError("--container says whose image is set: add --to-image.")
    if len(set(containers)) < len(containers):
        raise click.UsageError("a container is named twice: name each once.")
    if len(images) > 1 and len(images) != len(containers):
        raise click.UsageError(
            f"{len(images)} images and {len(containers)} containers: name one container for each image."
        )
    versions = images * len(containers) if len(images) == 1 and containers else images
    names = containers or ("",) * len(versions)
    wanted = (AskedImage(version=v, container=c) for v, c in zip(versions, names, strict=True))
    return Asked(revision=to_revision, unproven=unproven, images=tuple(wanted))


def _agreed(_question: str) -> bool:
    return True


def _confirmed(question: str) -> bool:
    """No where nobody is there to answer."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False
