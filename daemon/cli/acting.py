"""The commands that change something: rollback, approve, hold."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import click

from daemon.cli import naming
from daemon.cli.framework import BAD, OK, Command
from daemon.cli.session import Invocation

if TYPE_CHECKING:
    from daemon.core.case.case import Case, Instruction


def person(by: str, ask: Callable[[], str] = getpass.getuser, uid: Callable[[], int] = os.getuid) -> str:
    """Who gives an instruction: the name given, else the local user's, else ``uid 10001``.

    In a container the user often has neither a variable nor an entry in passwd; Python says that as KeyError,
    from 3.13 on as OSError.
    """
    if by.strip():
        return by.strip()
    try:
        return ask()
    except (KeyError, OSError):
        return f"uid {uid()}"


_by = click.option("--by", metavar="NAME", default="", help="Who says so; the local user where left out.")


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
@click.argument("workload", shell_complete=naming.propose_workloads)
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
    ref = naming.workload(session, workload)
    if not dry_run and not yes:
        _confirm(f"Roll back {ref} to {_goal(to_revision, image)}?")
    session.quiet_log()
    code = session.parts.manual_rollback(
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


@click.command(
    cls=Command,
    short_help="Let the daemon roll a CASE back.",
    examples="""
rollbackd approve cart-r8
rollbackd approve cart-r8 --by anna --reason "agreed in #shop-incidents"
""",
)
@click.argument("case", shell_complete=naming.propose_cases)
@click.option("--reason", default="", help="Why; it goes into the case's timeline.")
@_by
@click.pass_obj
def approve(session: Invocation, case: str, reason: str, by: str) -> int:
    """Let the daemon roll back the revision of a CASE.

    For cases that are AwaitingApproval, Held or Advised. The instruction is written into the case, with the
    name of who gives it; the running daemon obeys it within seconds. Exit code 1 when the case needs no
    approval.
    """
    from daemon.core.case.case import APPROVABLE

    found = naming.case(session, case)
    if found.phase not in APPROVABLE:
        return _too_late(
            session, found, "approve", "only a case that awaits approval, is held or advised can be"
        )
    return _instruct(session, found, _order(session, "approve", reason, by))


@click.command(
    cls=Command,
    short_help="Keep the daemon from rolling a CASE back.",
    examples="""
rollbackd hold cart-r8 --reason "the load test is ours"
""",
)
@click.argument("case", shell_complete=naming.propose_cases)
@click.option("--reason", default="", help="Why; it goes into the case's timeline.")
@_by
@click.pass_obj
def hold(session: Invocation, case: str, reason: str, by: str) -> int:
    """Keep the daemon from rolling back the revision of a CASE.

    For cases whose rollback has not begun. The daemon goes on watching and telling; approve undoes it. Exit
    code 1 when it is too late.
    """
    from daemon.core.case.case import STOPPABLE

    found = naming.case(session, case)
    if found.phase not in STOPPABLE:
        return _too_late(session, found, "hold", "only a case whose rollback has not begun can be")
    return _instruct(session, found, _order(session, "hold", reason, by))


def _too_late(session: Invocation, case: Case, action: str, rule: str) -> int:
    message = f"{action}: {case.key} is {case.phase.value}: {rule}"
    if session.json:
        session.emit({"case": case.key, "instruction": None, "error": message})
    click.echo(f"error: {message}", err=True)
    return BAD


def _order(session: Invocation, action: Literal["approve", "hold"], reason: str, by: str) -> Instruction:
    from daemon.core.case.case import Instruction

    return Instruction(action=action, by=person(by), at=session.parts.clock().now(), reason=reason.strip())


def _instruct(session: Invocation, case: Case, order: Instruction) -> int:
    from msgspec import structs

    session.store.instruct(structs.replace(case, spec=structs.replace(case.spec, instruction=order)))
    if session.json:
        session.emit({"case": case.key, "instruction": order})
    else:
        session.say(f"{case.key}: told to {order.action}; follow it with: rollbackd show {case.key}")
    return OK
