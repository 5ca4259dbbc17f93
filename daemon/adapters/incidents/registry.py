"""All incident sinks by name. A new sink is a module, one line here and its name in the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, TypeVar

from daemon.adapters.clock import SystemClock
from daemon.adapters.incidents.log import LogSink
from daemon.adapters.kubernetes.client import KubeClient
from daemon.core.case.incident import Incident
from daemon.ports import DefectReporter, IncidentSink, Rejected
from daemon.presentation.action_links import ActionLinks
from daemon.settings import IncidentSettings

if TYPE_CHECKING:
    from daemon.adapters.incidents.sentry_client import SentryOptions

T = TypeVar("T")


class Sink(IncidentSink, Protocol):
    """A sink that also shows what it would send."""

    def preview(self, incident: Incident) -> Mapping[str, object]:
        """The body as it would be sent, with no secret in it; sends nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class SinkContext:
    """What sinks are made from; each takes what it needs. ``kube`` is ``None`` where there is no cluster."""

    settings: IncidentSettings
    kube: KubeClient | None = None
    page_url: str = ""
    links: ActionLinks | None = None
    """Those by which people decide; ``None``: messages have none."""


def _log(_: SinkContext) -> Sink:
    return LogSink()


def _events(surroundings: SinkContext) -> Sink:
    from daemon.adapters.kubernetes.events import EventSink

    if surroundings.kube is None:
        raise ValueError("incident sink events needs a cluster: take it out of incidents.sinks")
    return EventSink(surroundings.kube)


def _sentry(surroundings: SinkContext) -> Sink:
    # Imported when it is wanted: the SDK takes memory that a daemon without a DSN need not spend.
    from daemon.adapters.incidents.sentry import SentrySink

    return SentrySink(_sentry_options(surroundings))


def _sentry_options(context: SinkContext) -> SentryOptions:
    from daemon.adapters.incidents.sentry_client import SentryOptions

    dsn = context.settings.secret_dsn()
    if dsn is None:
        raise ValueError("incident sink sentry needs a DSN: set incidents.sentry_dsn_file")
    return SentryOptions(
        dsn=dsn.get_secret_value(), environment=context.settings.environment, page_url=context.page_url
    )


def _written(group: T | None, sink: str, needs: str) -> T:
    """A sink's own settings. Raises ValueError where there are none."""
    if group is None:
        raise ValueError(f"incident sink {sink} needs {needs}: write incidents.{sink}")
    return group


def _pagerduty(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.pagerduty import PagerDutySink

    settings = _written(context.settings.pagerduty, "pagerduty", "a routing key")
    return PagerDutySink(settings.routing_key_file, address=str(settings.url), page_url=context.page_url)


def _webhook(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.webhook import WebhookSink

    settings = _written(context.settings.webhook, "webhook", "an address and a secret")
    return WebhookSink(
        str(settings.url), settings.secret_file, now=SystemClock().now, page_url=context.page_url
    )


def _slack(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.slack import SlackSink, SlackWebhookSink

    settings = _written(context.settings.slack, "slack", "a token or a webhook")
    if settings.webhook_file is not None:
        return SlackWebhookSink(settings.webhook_file, page_url=context.page_url, links=context.links)
    if settings.token_file is None or not settings.channels:
        raise ValueError("incident sink slack needs a token and a channel: write both into incidents.slack")
    return SlackSink(
        settings.token_file,
        settings.channels,
        address=str(settings.url),
        page_url=context.page_url,
        links=context.links,
    )


def _teams(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.teams import TeamsSink

    settings = _written(context.settings.teams, "teams", "a webhook")
    files = {channel.name: channel.webhook_file for channel in settings.channels}
    return TeamsSink(files, page_url=context.page_url, links=context.links)


def _github(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.github import GitHubSink

    settings = _written(context.settings.github, "github", "a token and a repository")
    return GitHubSink(
        settings.token_file,
        settings.repositories,
        labels=settings.labels,
        address=str(settings.url),
        page_url=context.page_url,
    )


def _gitlab(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.gitlab import GitLabSink

    settings = _written(context.settings.gitlab, "gitlab", "a token and a project")
    return GitLabSink(
        settings.token_file,
        settings.projects,
        labels=settings.labels,
        address=str(settings.url),
        page_url=context.page_url,
    )


def _jira(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.jira import JiraSink

    settings = _written(context.settings.jira, "jira", "an address, a token and a project")
    return JiraSink(
        str(settings.url),
        settings.token_file,
        settings.projects,
        email=settings.email,
        issue_type=settings.issue_type,
        page_url=context.page_url,
    )


def _opsgenie(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.opsgenie import OpsgenieSink

    settings = _written(context.settings.opsgenie, "opsgenie", "a key")
    return OpsgenieSink(settings.key_file, address=str(settings.url), page_url=context.page_url)


def _apprise(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.apprise import AppriseSink

    settings = _written(context.settings.apprise, "apprise", "an address")
    if not _is_there("apprise"):
        raise ValueError("incident sink apprise needs its library: pip install 'rollbackd[apprise]'")
    files = {channel.name: channel.url_file for channel in settings.channels}
    return AppriseSink(files, page_url=context.page_url, links=context.links)


def _grafana(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.grafana import GrafanaSink

    settings = _written(context.settings.grafana, "grafana", "an address and a token")
    return GrafanaSink(settings.token_file, address=str(settings.url), page_url=context.page_url)


def _otel(context: SinkContext) -> Sink:
    from daemon.adapters.incidents.otel import OtelSink

    settings = _written(context.settings.otel, "otel", "an address")
    if not _is_there("opentelemetry.proto"):
        raise ValueError("incident sink otel needs its library: pip install 'rollbackd[otel]'")
    return OtelSink(str(settings.url), settings.token_file, page_url=context.page_url)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # Not even the package that it would be in.
        return False


SINKS: Mapping[str, Callable[[SinkContext], Sink]] = {
    "log": _log,
    "events": _events,
    "sentry": _sentry,
    "pagerduty": _pagerduty,
    "webhook": _webhook,
    "slack": _slack,
    "teams": _teams,
    "github": _github,
    "gitlab": _gitlab,
    "jira": _jira,
    "opsgenie": _opsgenie,
    "apprise": _apprise,
    "grafana": _grafana,
    "otel": _otel,
}


def build(names: Iterable[str], surroundings: SinkContext) -> dict[str, Sink]:
    """The sinks of these names. Raises Rejected on an unknown name or settings that a sink cannot use."""
    return {name: _build(name, surroundings) for name in names}


def _build(name: str, surroundings: SinkContext) -> Sink:
    if name not in SINKS:
        raise Rejected(f"there is no incident sink {name!r}: valid names are {', '.join(sorted(SINKS))}")
    try:
        return SINKS[name](surroundings)
    except ValueError as error:
        raise Rejected(str(error)) from error


def defect_reporter(surroundings: SinkContext) -> DefectReporter | None:
    """Who hears of the daemon's own defects: Sentry, where incidents are delivered to it.

    Raises Rejected on settings that it cannot use.
    """
    if "sentry" not in surroundings.settings.chosen:
        return None
    from daemon.adapters.incidents.sentry_defects import SentryDefects

    try:
        return SentryDefects(_sentry_options(surroundings))
    except ValueError as error:
        raise Rejected(str(error)) from error
