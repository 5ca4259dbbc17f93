"""Where people are notified of incidents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from daemon.settings.types import (
    Group,
    HttpUrl,
    Line,
    ReadableFile,
    secret_from,
)

Sink = Literal["log", "events", "sentry", "pagerduty", "webhook"]
SINKS: tuple[Sink, ...] = ("log", "events", "sentry", "pagerduty", "webhook")


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
            "issue. `pagerduty`: an alert. `webhook`: signed requests. Left out: log and events, and each of "
            "the others that is configured."
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

    def secret_dsn(self) -> SecretStr | None:
        """Sentry's DSN. Raises OSError when its file has gone."""
        return secret_from(self.sentry_dsn, self.sentry_dsn_file)

    @property
    def chosen(self) -> tuple[Sink, ...]:
        """The sinks in use."""
        if self.sinks is not None:
            return self.sinks
        configured: dict[Sink, bool] = {
            "log": True,
            "events": True,
            "sentry": self.sentry_dsn is not None or self.sentry_dsn_file is not None,
            "pagerduty": self.pagerduty is not None,
            "webhook": self.webhook is not None,
        }
        return tuple(sink for sink in SINKS if configured[sink])
