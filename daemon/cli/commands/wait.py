"""``wait``: until a release is decided, for pipelines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.durations import DURATION
from daemon.cli.framework import BAD, OK, Command
from daemon.cli.invocation import Invocation
from daemon.presentation.words import clean

if TYPE_CHECKING:
    from daemon.core.case.case import Case
    from daemon.core.model import WorkloadRef
    from daemon.engine.release_wait import WaitResult

TIMED_OUT = 124
"""As the command ``timeout`` has it."""
_CASE = re.compile(r".*-r\d+(-[-a-z0-9]*)?")
"""What the beginning of a case's name looks like, where it is not a workload's name."""


@click.command(
    cls=Command,
    formats=("table", "json", "yaml", "name"),
    short_help="Wait until a release is decided.",
    examples="""
kubectl set image deployment/cart cart=shop/cart:1.8 && rollbackd wait cart --timeout 20m
rollbackd wait shop/cart --image 1.8      where somebody else, such as GitOps, brings it out
rollbackd wait cart --revision 12
rollbackd wait cart-r12
""",
)
@click.argument("subject", metavar="WORKLOAD|CASE", shell_complete=lookup.propose_workloads)
@click.option("--revision", type=click.IntRange(min=1), help="The release with this revision's number.")
@click.option("--image", metavar="IMAGE|TAG|DIGEST", default="", help="The newest release of this image.")
@click.option("--timeout", type=DURATION, default="30m", show_default=True, help="How long to wait.")
@click.pass_obj
def wait(session: Invocation, subject: str, revision: int | None, image: str, timeout: float) -> int:
    """Wait until the newest release of a WORKLOAD, or a CASE, is decided; say on the way how far it is.

    Right after the Deployment was changed it waits for the controller and for the new release's own case, and
    never answers for the release before. Exit code 0 when the release is healthy; 1 when it was rolled back,
    or is held, awaits an approval, is not recovered, advised against or superseded; 124 when it was not
    decided in time.
    """
    from daemon.core.case.case import Case
    from daemon.engine.release_wait import Wanted

    if revision is not None and image:
        raise click.UsageError("--revision and --image exclude each other: give one.")
    found = _subject(session, subject)
    if isinstance(found, Case) and (revision is not None or image):
        raise click.UsageError("--revision and --image are about a WORKLOAD: name one, and not a case.")
    result = session.backend.wait(
        session.looking,
        found,
        wanted=Wanted(revision=revision, image=image),
        timeout=timeout,
        say=lambda text: click.echo(clean(text), err=True),
    )
    return _tell(session, result)


def _subject(session: Invocation, name: str) -> WorkloadRef | Case:
    namespace, bare = lookup.split(name, session.options.namespace)
    cases = [case for case in session.store.cases() if namespace in (None, case.namespace)]
    of_workload = any(case.spec.workload == bare for case in cases)
    if _CASE.fullmatch(bare) and not of_workload and any(case.name.startswith(bare) for case in cases):
        return lookup.case(session, name)
    return lookup.workload(session, name)


def _tell(session: Invocation, result: WaitResult) -> int:
    from daemon.engine.release_wait import Answer
    from daemon.presentation.case_views import summary

    if session.options.output == "name":
        if result.case is not None:
            session.name(result.case)
    elif session.json:
        case = None if result.case is None else summary(result.case)
        session.emit({"answer": result.answer, "text": result.text, "case": case})
    else:
        session.say(result.text)
    return {Answer.HEALTHY: OK, Answer.BAD: BAD, Answer.TIMEOUT: TIMED_OUT}[result.answer]
