"""Whom a policy notifies is there: the sinks are in use, and have the channels."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.settings.flaw import Flaw
from daemon.settings.guarding import PolicySettings
from daemon.settings.model import Settings
from daemon.settings.problems import Location, instead


def notifying(settings: Settings) -> Iterator[Flaw]:
    yield from _slack(settings)
    yield from _templates(settings)
    yield from _routes(settings, settings.policy, ("policy",))
    for index, workload in enumerate(settings.workloads):
        yield from _routes(settings, workload, ("workloads", index))


def _slack(settings: Settings) -> Iterator[Flaw]:
    slack, here = settings.incidents.slack, ("incidents", "slack")
    if slack is None:
        return
    if (slack.token_file is None) == (slack.webhook_file is None):
        which = "neither" if slack.token_file is None else "both"
        message = f"Slack is told by a bot's token or by a webhook, and here is {which}"
        yield Flaw(here, message, "give exactly one of token_file and webhook_file")
    elif slack.token_file is not None and not slack.channels:
        yield Flaw((*here, "channels"), "nothing says in which channel", "add it, such as [C024BE91L]")
    elif slack.webhook_file is not None and slack.channels:
        message = "an incoming webhook has a channel of its own"
        yield Flaw((*here, "channels"), message, "leave channels out, or use token_file")


def _templates(settings: Settings) -> Iterator[Flaw]:
    seen: set[str] = set()
    for index, template in enumerate(settings.incidents.templates):
        if template.kind in seen:
            place: Location = ("incidents", "templates", index, "kind")
            message = f"messages of the kind {template.kind} have a template already"
            yield Flaw(place, message, "keep one of the two", template.kind)
        seen.add(template.kind)


def _routes(settings: Settings, policy: PolicySettings, group: Location) -> Iterator[Flaw]:
    used = settings.incidents.chosen
    for index, route in enumerate(policy.notify or ()):
        here = (*group, "notify", index)
        if route.sink not in used:
            remedy = f"configure incidents.{route.sink}, or name one of {', '.join(used)}"
            yield Flaw((*here, "sink"), f"the sink {route.sink} is not in use", remedy, route.sink)
            continue
        known = settings.incidents.channels(route.sink)
        if route.channel and route.channel not in known:
            message = f"{route.sink} has no channel {route.channel!r}"
            remedy = instead(route.channel, known) if known else "leave the channel out: there is one alone"
            yield Flaw((*here, "channel"), message, remedy, route.channel)
