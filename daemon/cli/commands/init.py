"""``init``: a settings file for what is found in a namespace."""

from __future__ import annotations

import os
from pathlib import Path

import click

from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation
from daemon.presentation.words import clean


@click.command(
    cls=Command,
    short_help="Write a settings file for a namespace.",
    examples="""
rollbackd init -n shop --prometheus http://prometheus.monitoring:9090 -o rollbackd.yaml
rollbackd init -n shop --prometheus http://localhost:9090 --values -o values.yaml    for helm install -f
""",
)
@click.option("--prometheus", "url", metavar="URL", required=True, help="Where the metrics are read.")
@click.option(
    "--mode",
    type=click.Choice(["advise", "approval", "automatic"]),
    default="advise",
    show_default=True,
    help="What the daemon may do; begin with advise, and see it judge.",
)
@click.option("--values", is_flag=True, help="Write values for the Helm chart instead of a settings file.")
@click.option(
    "--output",
    "-o",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; standard output where left out. An existing file is left as it is.",
)
@click.pass_obj
def init(session: Invocation, url: str, mode: str, values: bool, file: Path | None) -> int:
    """Look for the Deployments of a namespace, their probes, and their own metrics; write a settings file.

    Of each Deployment's pods it takes the counter of requests whose labels tell failed ones, and the
    histogram of how long requests take, as far as Prometheus has them under the pods' names. What it could
    not find stands in the file as a comment, with the remedy. It proposes: look through it before you run it.
    """
    from daemon.settings import looking_at
    from daemon.settings.proposal import propose, settings_text, values_text

    if file is not None and file.exists():
        raise click.UsageError(f"{file} exists already: name another file, or remove it.")
    session.quiet_log()
    settings = looking_at(session.namespace, {**session.flags, "prometheus.url": url}, os.environ)
    proposal = propose(session.backend.inventory(settings, session.namespace))
    text = values_text(proposal, mode) if values else settings_text(proposal, mode)
    if file is None:
        click.echo(text, nl=False)
        return OK
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written ({error.strerror}): name another file.") from error
    missing = sum(len(workload.missing) for workload in proposal.workloads)
    counted = {"Deployments": len(proposal.workloads), "signals": len(proposal.signals)}
    found = ", ".join(f"{what}: {number}" for what, number in counted.items())
    rest = f", not found: {missing} (see its comments)" if missing else ""
    click.echo(clean(f"{file} is written ({found}{rest}); next: {_next(file, values)}"), err=True)
    return OK


def _next(file: Path, values: bool) -> str:
    if values:
        return f"helm install rollbackd helm/rollbackd -f {file}"
    return f"rollbackd check-config --live --config {file}"
