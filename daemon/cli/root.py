"""``rollbackd`` itself: the group with its global options, and which module has which command."""

from __future__ import annotations

import click

from daemon import __version__
from daemon.cli.framework import Root
from daemon.cli.invocation import invocation_of

COMMANDS = {
    "init": "daemon.cli.commands.init:init",
    "run": "daemon.cli.commands.run:run",
    "check-config": "daemon.cli.commands.check_config:check_config",
    "status": "daemon.cli.commands.status:status",
    "history": "daemon.cli.commands.history:history",
    "show": "daemon.cli.commands.show:show",
    "explain": "daemon.cli.commands.explain:explain",
    "runbook": "daemon.cli.commands.runbook:runbook",
    "report": "daemon.cli.commands.report:report",
    "notify": "daemon.cli.commands.notify:notify",
    "judge": "daemon.cli.commands.judge:judge",
    "backtest": "daemon.cli.commands.backtest:backtest",
    "wait": "daemon.cli.commands.wait:wait",
    "rollback": "daemon.cli.commands.rollback:rollback",
    "approve": "daemon.cli.commands.approve:approve",
    "hold": "daemon.cli.commands.hold:hold",
    "pause": "daemon.cli.commands.pause:pause",
    "resume": "daemon.cli.commands.pause:resume",
    "demo": "daemon.cli.commands.demo:demo",
    "completion": "daemon.cli.commands.completion:completion",
    "help": "daemon.cli.commands.help:help_",
    "version": "daemon.cli.commands.version:version",
}

EXIT_CODES = """
0    all is well
1    the answer is bad: a check failed, something needs a person, a service has not recovered
2    wrong usage or settings
3    the cluster or Prometheus cannot be reached, or denies it
4    no such case or workload
124  wait: not decided within --timeout
130  interrupted
"""

EXAMPLES = """
rollbackd demo                            see it work, with no cluster at all
rollbackd init -n shop --prometheus URL   write a settings file for what is there
rollbackd check-config --live             is everything set up?
rollbackd run                             the daemon, as the Deployment starts it
rollbackd status                          what is guarded, and how it is
rollbackd show cart                       the newest rollout's story
rollbackd explain cart                    its evidence, round by round
rollbackd wait cart --timeout 20m         in a pipeline, after the image was set
rollbackd judge samples.jsonl             judge recorded samples, with no cluster
rollbackd backtest cart                   judge its past rollouts, from Prometheus
"""


@click.group(
    cls=Root,
    commands_at=COMMANDS,
    sections={"Examples": EXAMPLES, "Exit codes": EXIT_CODES},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "--version", prog_name="rollbackd", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Watch Kubernetes Deployments after every rollout, and roll back what broke the service.

    Each rollout of a guarded Deployment becomes a case: its metrics are judged against the limits and against
    the revision before; a failing revision is rolled back, and the recovery proven. The cases are objects in
    the cluster (kubectl get rolloutcases), and these commands read and instruct them.

    A WORKLOAD is written as name, namespace/name or deployment/name; a CASE as its name, the beginning of
    its name, or namespace/name.
    """
    invocation_of(context)
