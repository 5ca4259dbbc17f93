"""``notify``: would people be notified, and what would they read?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from daemon.cli import lookup
from daemon.cli.framework import BAD, OK, Command, write_section
from daemon.cli.invocation import Invocation

if TYPE_CHECKING:
    from daemon.core.case.case import Case
    from daemon.core.case.incident import Incident, Stage
    from daemon.core.policy import Policy
    from daemon.settings import Settings

EXAMPLES = """
rollbackd notify test                     one marked message to everybody
rollbackd notify test --sink slack
rollbackd notify render cart --sink slack what is sent of the newest case
"""
RESOLVED = frozenset({"pagerduty", "opsgenie", "github", "gitlab", "jira", "otel"})
"""Where a test would stay open, or nothing is sent but of an end."""

Places = dict[tuple[str, str], None]
"""Sinks and channels, each once, in order."""


class _Group(click.Group):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        write_section(formatter, "Examples", EXAMPLES)


@click.group(cls=_Group, short_help="Try and show notifications.")
def notify() -> None:
    """Try whether people are notified, and show what they would read."""


@notify.command(
    cls=Command,
    short_help="Send one marked message to each sink.",
    examples="""
rollbackd notify test
rollbackd notify test --sink slack
rollbackd notify test -o json
""",
)
@click.option("--sink", "only", metavar="NAME", help="This sink alone; else all but log and events.")
@click.pass_obj
def test(session: Invocation, only: str | None) -> int:
    """Send one message that says that it is a test to each sink and channel in use.

    Alerts and tickets that it opens are closed at once. Exit code 1 when one was refused.
    """
    from daemon.ports import PortError
    from daemon.presentation.trial import trial

    session.quiet_log()
    settings, now = session.settings, session.backend.clock().now()
    found = _chosen(_places(settings), only)
    sinks = session.backend.sinks(settings, dict.fromkeys(sink for sink, _ in found))
    answers: list[dict[str, object]] = []
    for sink, channel in found:
        stages: tuple[Stage, ...] = ("opened", "closed") if sink in RESOLVED else ("opened",)
        answer = ""
        try:
            for stage in stages:
                told = trial(settings.namespaces[0], now, stage, channel=channel, reference=answer)
                answer = sinks[sink].publish(told)
        except PortError as error:
            answers.append({"sink": sink, "channel": channel, "ok": False, "answer": str(error)})
        else:
            answers.append({"sink": sink, "channel": channel, "ok": True, "answer": answer})
    _show(session, answers)
    return OK if all(answer["ok"] for answer in answers) else BAD


def _show(session: Invocation, answers: Iterable[dict[str, object]]) -> None:
    from daemon.cli.tables import table, text

    rows = [
        (str(a["sink"]), str(a["channel"]) or "the usual", "yes" if a["ok"] else "NO", str(a["answer"]))
        for a in answers
    ]
    if session.json:
        session.emit(list(answers))
    elif rows:
        session.console.print(table(("SINK", "CHANNEL", "TAKEN", "ANSWER"), rows))
    else:
        session.console.print(
            text("Nobody is notified beyond the log and Kubernetes Events: see docs/notifications.md.")
        )


@notify.command(
    cls=Command,
    short_help="Print what is sent of a CASE.",
    examples="""
rollbackd notify render cart-r8
rollbackd notify render cart --sink teams
rollbackd notify render cart -o json
""",
)
@click.argument("case", metavar="CASE|WORKLOAD", shell_complete=lookup.propose_cases)
@click.option("--sink", "only", metavar="NAME", help="This sink alone; else all of the case's.")
@click.pass_obj
def render(session: Invocation, case: str, only: str | None) -> int:
    """Print what is sent of a CASE as it stands now, as each sink writes it. Nothing is sent."""
    found = lookup.case_or_newest(session, case)
    policy = session.looking.policy_for(found.ref, {})
    chosen = _chosen({(route.sink, route.channel): None for route in policy.routes}, only, records=True)
    sinks = session.backend.sinks(session.looking, dict.fromkeys(sink for sink, _ in chosen))
    bodies = [
        {"sink": sink, "channel": channel, "body": sinks[sink].preview(_incident(found, policy, channel))}
        for sink, channel in chosen
    ]
    if session.json:
        session.emit(bodies)
        return OK
    for each in bodies:
        _print(session, each)
    return OK


def _incident(case: Case, policy: Policy, channel: str) -> Incident:
    from daemon.core.case.message_templates import worded
    from daemon.presentation.case_views import last_change

    stages = [effect.stage for effect in case.status.effects if effect.stage]
    return worded(case, policy, stages[-1] if stages else "opened", last_change(case), channel=channel)


def _print(session: Invocation, body: dict[str, Any]) -> None:
    import msgspec

    from daemon.cli.tables import text

    where = ", ".join(filter(None, (body["sink"], body["channel"])))
    session.console.print(text(where, "bold"))
    raw = msgspec.json.format(msgspec.json.encode(body["body"]), indent=2).decode()
    session.console.print(text(raw, ""), soft_wrap=True)
    session.console.print()


def _places(settings: Settings) -> Places:
    """Wherever somebody is notified of some workload."""
    policies = [settings.policy_of(entry) for entry in settings.workloads]
    return {(route.sink, route.channel): None for policy in policies for route in policy.routes}


def _chosen(places: Places, only: str | None, *, records: bool = False) -> list[tuple[str, str]]:
    """Those of one sink, or all: without the cluster's own records where these prove nothing."""
    from daemon.core.policy import RECORDS

    if only is None:
        return [place for place in places if records or place[0] not in RECORDS]
    found = [place for place in places if place[0] == only]
    if not found:
        names = ", ".join(dict.fromkeys(sink for sink, _ in places))
        raise click.UsageError(f"--sink: nobody is notified by {only!r}; the sinks in use are {names}.")
    return found
