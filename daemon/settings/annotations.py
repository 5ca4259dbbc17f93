"""Where incidents are marks beside what people measure."""

from __future__ import annotations

from pydantic import Field

from daemon.settings.types import Group, HttpUrl, ReadableFile


class GrafanaSettings(Group):
    """Annotations of the organization in Grafana: one region for each case, from the release to its end."""

    url: HttpUrl = Field(description="Where Grafana is.")
    token_file: ReadableFile = Field(
        description="File with a service account's token (role Editor); read each time, so it may be rotated."
    )
