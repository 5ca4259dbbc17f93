"""Incidents as GitLab issues, by the REST API: https://docs.gitlab.com/api/issues/.

What a token may not see is answered with 404, as what was deleted is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from daemon.adapters.incidents.github import MARKDOWN
from daemon.adapters.incidents.markup import title_of
from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.tickets import Layout, State, Ticket, publish_to, section
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.value import Value

ADDRESS = "https://gitlab.com"
LONGEST_TITLE = 250
"""Characters; GitLab takes 255."""
GONE = frozenset({301, 404, 410})
REMEDY = (
    "check that the project exists and has issues, and that the token has the scope api and may write them"
)


class GitLabSink:
    """One issue for each case. The first of ``projects`` (``group/project``) is the usual one."""

    name = "gitlab"

    def __init__(
        self,
        token_file: Path,
        projects: Sequence[str],
        *,
        labels: Sequence[str] = (),
        address: str = ADDRESS,
        page_url: str = "",
    ) -> None:
        self._token_file = token_file
        self._projects = tuple(projects)
        self._labels = tuple(labels)
        self._address = address.rstrip("/")
        self._page_url = page_url.rstrip("/")

    def publish(self, incident: Incident) -> str:
        """Returns the issue's address. Raises Unavailable, Denied, Rejected."""
        project = incident.channel or self._projects[0]
        token = secret_in(self._token_file)
        outlet = Outlet(
            service="GitLab",
            url=f"{self._address}/api/v4/projects/{quote(project, safe='')}/issues",
            remedy=REMEDY,
            secrets=(token,),
            headers={"PRIVATE-TOKEN": token},
            barred=frozenset({404, 410}),
        )
        tracker = _Issues(outlet=outlet, project=project, labels=self._labels)
        return publish_to(tracker, incident, page_of(incident, self._page_url))

    def preview(self, incident: Incident) -> dict[str, object]:
        text = section(MARKDOWN, incident, page_of(incident, self._page_url))
        return {"title": title_of(incident.title, LONGEST_TITLE), "text": text}


class _Issues(Value, frozen=True):
    """Implements :class:`daemon.adapters.incidents.tickets.Tracker`."""

    outlet: Outlet
    project: str
    labels: tuple[str, ...]
    layout: Layout = MARKDOWN

    def known(self, reference: str) -> Ticket | None:
        number = reference.rpartition("/")[2]
        if f"/{self.project}/-/" not in reference or not number.isdigit():
            return None
        answer = self.outlet.call("GET", f"/{number}", gone=GONE)
        return None if answer.status in GONE else _ticket(self.outlet.read(answer))

    def find(self, incident: Incident, mark: str) -> Ticket | None:
        since = f"{incident.case.spec.opened_at:%Y-%m-%dT%H:%M:%SZ}"
        query = {"created_after": since, "order_by": "created_at", "sort": "desc", "per_page": "100"}
        found = self.outlet.read(self.outlet.call("GET", query=query))
        tickets = (_ticket(issue) for issue in found)
        return next((ticket for ticket in tickets if self.layout.heads(ticket.text, mark)), None)

    def create(self, incident: Incident, text: str) -> Ticket:
        title = title_of(incident.title, LONGEST_TITLE)
        body = {"title": title, "description": text, "labels": ",".join(self.labels)}
        return _ticket(self.outlet.read(self.outlet.call("POST", payload=body)))

    def rewrite(self, ticket: Ticket, incident: Incident, text: str) -> None:
        body = {"title": title_of(incident.title, LONGEST_TITLE), "description": text}
        self.outlet.call("PUT", f"/{ticket.id}", body)

    def comments(self, ticket: Ticket) -> list[str]:
        answer = self.outlet.call("GET", f"/{ticket.id}/notes", query={"per_page": "100"})
        return [str(each.get("body") or "") for each in self.outlet.read(answer)]

    def comment(self, ticket: Ticket, text: str) -> None:
        self.outlet.call("POST", f"/{ticket.id}/notes", {"body": text})

    def move(self, ticket: Ticket, state: State) -> None:
        event = "close" if state == "closed" else "reopen"
        self.outlet.call("PUT", f"/{ticket.id}", {"state_event": event})


def _ticket(issue: Mapping[str, Any]) -> Ticket:
    return Ticket(
        id=str(issue["iid"]),
        reference=str(issue["web_url"]),
        text=str(issue.get("description") or ""),
        closed=issue.get("state") == "closed",
    )
