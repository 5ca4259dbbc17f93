"""What a person instructs the daemon to do about a case, for the commands that do so."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import click

from daemon.cli.framework import BAD, OK
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from daemon.core.case.case import Case, Instruction


by_option = click.option(
    "--by", metavar="NAME", default="", help="Who says so; left out, whom the API server knows you as."
)


def person(by: str, ask: Callable[[], str] = getpass.getuser, uid: Callable[[], int] = os.getuid) -> str:
    """Who gives an instruction: the name given or known, else the local user's, else ``uid 10001``.

    In a container the user often has neither a variable nor an entry in passwd; Python says that as KeyError,
    from 3.13 on as OSError.
    """
    if by.strip():
        return by.strip()
    try:
        return ask()
    except (KeyError, OSError):
        return f"uid {uid()}"


def too_late(session: Invocation, case: Case, message: str) -> int:
    if session.json:
        session.emit({"case": case.key, "instruction": None, "error": message})
    click.echo(f"error: {message}", err=True)
    return BAD


def order_of(session: Invocation, action: Literal["approve", "hold"], reason: str, by: str) -> Instruction:
    from daemon.core.case.case import Instruction

    who = by if by.strip() else session.backend.whoami(session.looking)
    return Instruction(action=action, by=person(who), at=session.backend.clock().now(), reason=reason.strip())


def instruct(session: Invocation, case: Case, order: Instruction) -> int:
    from msgspec import structs

    session.store.instruct(structs.replace(case, spec=structs.replace(case.spec, instruction=order)))
    if session.json:
        session.emit({"case": case.key, "instruction": order})
    else:
        session.say(f"{case.key}: instructed to {order.action}; follow it with: rollbackd show {case.key}")
    return OK
