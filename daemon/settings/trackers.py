"""Where incidents are tickets or alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from daemon.settings.channels import Channelled
from daemon.settings.problems import complaint
from daemon.settings.types import Group, HttpUrl, Line, ReadableFile

Repository = Annotated[str, StringConstraints(max_length=200, pattern=r"^[\w.-]+/[\w.-]+$")]
GitLabProject = Annotated[str, StringConstraints(max_length=250, pattern=r"^[\w.-]+(/[\w.-]+)+$")]
JiraProject = Annotated[str, StringConstraints(max_length=50, pattern=r"^[A-Z][A-Z0-9_]+$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^,\r\n]+$")]


def _some_place(places: tuple[str, ...]) -> tuple[str, ...]:
    if not places:
        raise complaint("there is no place to make issues in", "add at least one")
    return places


class GitHubSettings(Channelled):
    """Issues in GitHub, one for each case."""

    token_file: ReadableFile = Field(
        description="File with a token that may write issues: fine-grained with `Issues: read and write`."
    )
    repositories: Annotated[tuple[Repository, ...], AfterValidator(_some_place)] = Field(
        max_length=50, description="Repositories (`owner/name`) that `notify` may name, the usual one first."
    )
    labels: tuple[Label, ...] = Field(
        default=(), max_length=10, description="Labels of new issues; they should be there already."
    )
    url: HttpUrl = Field(
        default="https://api.github.com",
        description="Address of the API; `https://HOST/api/v3` of an Enterprise Server.",
    )

    @property
    def channel_names(self) -> tuple[str, ...]:
        return self.repositories


class GitLabSettings(Channelled):
    """Issues in GitLab, one for each case."""

    token_file: ReadableFile = Field(
        description="File with a project's or group's access token: scope `api`, role Reporter or above."
    )
    projects: Annotated[tuple[GitLabProject, ...], AfterValidator(_some_place)] = Field(
        max_length=50, description="Projects (`group/project`) that `notify` may name, the usual one first."
    )
    labels: tuple[Label, ...] = Field(default=(), max_length=10, description="Labels of new issues.")
    url: HttpUrl = Field(default="https://gitlab.com", description="Where GitLab is.")

    @property
    def channel_names(self) -> tuple[str, ...]:
        return self.projects


class JiraSettings(Channelled):
    """Issues in Jira Cloud, Server or Data Center, one for each case."""

    url: HttpUrl = Field(description="Where Jira is: `https://SITE.atlassian.net`, or your own server.")
    email: Line = Field(
        default="",
        description="Of Jira Cloud: the account's email. Empty: a server, with a personal access token.",
    )
    token_file: ReadableFile = Field(
        description=(
            "File with the account's API token (Cloud) or personal access token; it needs to browse the "
            "projects, create, edit and transition issues, and add comments."
        )
    )
    projects: Annotated[tuple[JiraProject, ...], AfterValidator(_some_place)] = Field(
        max_length=50, description="Keys of projects (`OPS`) that `notify` may name, the usual one first."
    )
    issue_type: Line = Field(default="Task", description="Type of new issues, as the projects name it.")

    @property
    def channel_names(self) -> tuple[str, ...]:
        return self.projects


class OpsgenieSettings(Group):
    """Alerts in Opsgenie, with the case as their alias: a proven recovery closes it."""

    key_file: ReadableFile = Field(description="File with the key of an API integration.")
    url: HttpUrl = Field(
        default="https://api.opsgenie.com",
        description="Address of the API; `https://api.eu.opsgenie.com` in the EU region.",
    )
