"""Where people merge what sets an overlay back."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from daemon.settings.problems import complaint
from daemon.settings.types import Group, HttpUrl, Line, ReadableFile

ReviewService = Literal["github", "gitlab", "gitea"]


def _project(value: str) -> str:
    parts = value.split("/")
    if value and (len(parts) < 2 or not all(parts) or ".." in parts or "?" in value or "#" in value):
        raise complaint(f"{value!r} is no project", "write owner/name, as in its address")
    return value


class ReviewSettings(Group):
    """Who reviews what sets an [overlay](#overlays) back: a request to merge it is opened, once.

    The commit goes to a branch named by the case (`rollbackd/OVERLAY/CASE-PLAN`). A merge is people's: the
    daemon merges nothing, closes nothing and deletes no branch.
    """

    service: ReviewService = Field(description="`github`, `gitlab` or `gitea` (Forgejo as well).")
    api: HttpUrl | None = Field(
        default=None,
        description=(
            "The REST API's address. Without it the repository's host with `/api/v4` (GitLab), `/api/v1` "
            "(Gitea) or `/api/v3` (GitHub Enterprise), and `https://api.github.com` for `github.com`."
        ),
    )
    project: Annotated[Line, AfterValidator(_project)] = Field(
        default="", description="`owner/name`, or GitLab's `group/subgroup/name`; else the repository's path."
    )
    token_file: ReadableFile | None = Field(
        default=None,
        description=(
            "A file with a token of an account that may open requests in the project, and no more; else "
            "`password_file` of the overlay."
        ),
    )
    before_merge: Literal["wait", "act"] = Field(
        default="wait",
        description=(
            "`wait`: nothing further is done until people have merged it, for until then an owner that "
            "heals by itself would undo the rollback. `act`: return to the target as soon as it is open."
        ),
    )

    def api_of(self, url: str) -> str:
        """The API's address for a repository's."""
        if self.api is not None:
            return self.api
        parts = urlsplit(url)
        if parts.hostname == "github.com":
            return "https://api.github.com"
        path = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}[self.service]
        return f"{parts.scheme}://{parts.netloc}{path}"

    def project_of(self, url: str) -> str:
        return self.project or urlsplit(url).path.strip("/").removesuffix(".git")
