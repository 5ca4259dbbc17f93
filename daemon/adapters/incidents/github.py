"""Incidents as GitHub issues, by the REST API: https://docs.github.com/en/rest/issues.

An issue that was deleted is answered with 410 or 404, one that was transferred with 301: both are gone.
What a token may not see is answered with 404 as well, and a repository without issues with 410.
"""

from __future__ import annotations

from daemon.adapters.incidents.issues import BARRED, Dialect, Issues, IssueSink
from daemon.adapters.incidents.outlet import Outlet

REMEDY = "check that the repository exists and has issues, and that the token may write them"
GITHUB = Dialect(
    number="number",
    address="html_url",
    text="body",
    comments="comments",
    change="PATCH",
    newest={"state": "all", "sort": "created", "direction": "desc"},
    since="since",
    moves={"open": {"state": "open"}, "closed": {"state": "closed"}},
)


class GitHubSink(IssueSink):
    """Projects are repositories, ``owner/name``."""

    name = "github"

    def _issues(self, project: str, token: str) -> Issues:
        outlet = Outlet(
            service="GitHub",
            url=f"{self._address}/repos/{project}/issues",
            remedy=REMEDY,
            secrets=(token,),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            barred=BARRED,
            limits_by_403=True,
        )
        return Issues(outlet=outlet, dialect=GITHUB, place=f"/{project}/issues/", labels=self._labels)
