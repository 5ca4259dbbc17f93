"""Where people are notified of incidents."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, SecretStr

from daemon.core.case.message_templates import FIELDS
from daemon.core.policy import MessageTemplate
from daemon.settings.annotations import GrafanaSettings, OtelSettings
from daemon.settings.channels import Channelled
from daemon.settings.chats import AppriseSettings, SlackSettings, TeamsSettings
from daemon.settings.message_templates import TemplateSettings, message_template
from daemon.settings.trackers import GitHubSettings, GitLabSettings, JiraSettings, OpsgenieSettings
from daemon.settings.types import (
    Group,
    HttpUrl,
    Line,
    ReadableFile,
    secret_from,
)

Sink = Literal[
    "log",
    "events",
    "sentry",
    "pagerduty",
    "webhook",
    "slack",
    "teams",
    "github",
    "gitlab",
    "jira",
    "opsgenie",
    "apprise",
    "grafana",
    "otel",
]
SINKS: tuple[Sink, ...] = get_args(Sink)
GROUPS: tuple[Sink, ...] = tuple(sink for sink in SINKS if sink not in {"log", "events", "sentry"})
"""Sinks with a group of settings of their own, by which they are in use."""


class PagerDutySettings(Group):
    """Alerts by PagerDuty's Events API v2, one for each case: a proven recovery resolves it."""

    routing_key_file: ReadableFile = Field(
        description="File with the integration's routing key; read for each event, so it may be rotated."
    )
    url: HttpUrl = Field(
        default="https://events.pagerduty.com",
        description="Address of the Events API; `https://events.eu.pagerduty.com` in the EU region.",
    )


class IncidentWebhookSettings(Group):
    """Signed requests to a server of your own, by the Standard Webhooks specification.

    The body's schema is [webhook.schema.json](webhook.schema.json).
    """

    url: HttpUrl = Field(description="Where each stage of an incident is posted to.")
    secret_file: ReadableFile = Field(
        description=(
            "File with the secret that requests are signed with, such as `whsec_` and the output of "
            "`openssl rand -base64 32`; read for each request, so it may be rotated."
        )
    )


class IncidentSettings(Group):
    """Where people are notified of incidents."""

    sinks: tuple[Sink, ...] | None = Field(
        default=None,
        description=(
            "`log`: the daemon's log. `events`: Kubernetes Events on the Deployment. `sentry`: a Sentry "
            "issue. `pagerduty`, `opsgenie`: an alert. `webhook`: signed requests. `slack`, `teams`: "
            "messages. `github`, `gitlab`, `jira`: an issue. `apprise`: any other service. `grafana`: a "
            "region in its graphs. `otel`: a trace. Left out: "
            "log and events, and each of the others that is configured."
        ),
    )
    sentry_dsn: SecretStr | None = Field(
        default=None, description="Sentry's DSN (`https://key@host/project`). None: Sentry is not used."
    )
    sentry_dsn_file: ReadableFile | None = Field(
        default=None, description="File with the DSN, instead of `sentry_dsn`."
    )
    environment: Line = Field(default="production", description="The environment's name in Sentry.")
    pagerduty: PagerDutySettings | None = Field(default=None, description="None: PagerDuty is not used.")
    webhook: IncidentWebhookSettings | None = Field(default=None, description="None: no requests are sent.")
    slack: SlackSettings | None = Field(default=None, description="None: Slack is not used.")
    teams: TeamsSettings | None = Field(default=None, description="None: Microsoft Teams is not used.")
    github: GitHubSettings | None = Field(default=None, description="None: GitHub is not used.")
    gitlab: GitLabSettings | None = Field(default=None, description="None: GitLab is not used.")
    jira: JiraSettings | None = Field(default=None, description="None: Jira is not used.")
    opsgenie: OpsgenieSettings | None = Field(default=None, description="None: Opsgenie is not used.")
    apprise: AppriseSettings | None = Field(default=None, description="None: apprise is not used.")
    templates: tuple[TemplateSettings, ...] = Field(
        default=(),
        max_length=20,
        description=(
            "Your own words for messages, with fields as `$name` or `${name}`: "
            f"{', '.join(f'`{name}`' for name in FIELDS)}. `rollbackd notify render` shows them."
        ),
    )

    grafana: GrafanaSettings | None = Field(default=None, description="None: Grafana is not used.")
    otel: OtelSettings | None = Field(default=None, description="None: no traces are sent.")

    def secret_dsn(self) -> SecretStr | None:
        """Sentry's DSN. Raises OSError when its file has gone."""
        return secret_from(self.sentry_dsn, self.sentry_dsn_file)

    @property
    def chosen(self) -> tuple[Sink, ...]:
        """The sinks in use."""
        if self.sinks is not None:
            return self.sinks
        sentry = self.sentry_dsn is not None or self.sentry_dsn_file is not None
        configured = {"log", "events", *(["sentry"] if sentry else [])}
        configured |= {sink for sink in GROUPS if getattr(self, sink) is not None}
        return tuple(sink for sink in SINKS if sink in configured)

    @property
    def message_templates(self) -> tuple[MessageTemplate, ...]:
        return tuple(message_template(one) for one in self.templates)

    def channels(self, sink: Sink) -> tuple[str, ...]:
        """Where in a sink people may be notified, the usual place first; none where there is one place."""
        group = getattr(self, sink, None)
        return group.channel_names if isinstance(group, Channelled) else ()
