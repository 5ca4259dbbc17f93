"""Incidents as GitLab issues, by the REST API: https://docs.gitlab.com/api/issues/.

What a token may not see is answered with 404, as what was deleted is.
"""

from __future__ import annotations

from urllib.parse import quote

from daemon.adapters.incidents.issues import BARRED, Dialect, Issues, IssueSink
from daemon.adapters.incidents.outlet import Outlet

REMEDY = (
    "check that the project exists and has issues, and that the token has the scope api and may write them"
)
GITLAB = Dialect(
    number="iid",
    address="web_url",
    text="description",
    comments="notes",
    change="PUT",
    newest={"order_by": "created_at", "sort": "desc"},
    since="created_after",
    moves={"open": {"state_event": "reopen"}, "closed": {"state_event": "close"}},
    separator=",",
)


class GitLabSink(IssueSink):
    """Projects are ``group/project``."""

    name = "gitlab"

    def _issues(self, project: str, token: str) -> Issues:
        outlet = Outlet(
            service="GitLab",
            url=f"{self._address}/api/v4/projects/{quote(project, safe='')}/issues",
            remedy=REMEDY,
            secrets=(token,),
            headers={"PRIVATE-TOKEN": token},
            barred=BARRED,
        )
        return Issues(outlet=outlet, dialect=GITLAB, place=f"/{project}/-/", labels=self._labels)
