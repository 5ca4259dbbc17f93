"""Where incidents stand beside what people measure."""

from __future__ import annotations

from pydantic import Field

from daemon.settings.types import Group, HttpUrl, ReadableFile


class GrafanaSettings(Group):
    """Annotations of the organization in Grafana: one region for each case, from the release to its end."""

    url: HttpUrl = Field(description="Where Grafana is.")
    token_file: ReadableFile = Field(
        description="File with a service account's token (role Editor); read each time, so it may be rotated."
    )


class OtelSettings(Group):
    """A trace of each case that had an incident, when it is over, by OTLP over HTTP.

    Needs the extra `otel`.
    """

    url: HttpUrl = Field(description="Where the receiver is, such as `http://collector:4318`.")
    token_file: ReadableFile | None = Field(
        default=None, description="File with a bearer token, where the receiver asks for one."
    )
