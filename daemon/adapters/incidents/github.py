"""Incidents as GitHub issues, by the REST API: https://docs.github.com/en/rest/issues.

An issue that was deleted is answered with 410 or 404, one that was transferred with 301: both are gone.
What a token may not see is answered with 404 as well, and a repository without issues with 410.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.adapters.incidents.markup import fenced, title_of
from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.tickets import Layout, State, Ticket, publish_to, section
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.value import Value

ADDRESS = "https://api.github.com"
LONGEST_TITLE, LONGEST_TEXT = 250, 60_000
"""Characters; GitHub takes 256 and 65,536."""
GONE = frozenset({301, 404, 410})
REMEDY = "check that the repository exists and has issues, and that the token may write them"
MARKDOWN = Layout(
    begin="<!-- rollbackd: what is between these lines is rewritten -->",
    end="<!-- rollbackd: to here -->",
    literal=fenced,
    link=lambda page: f"[The case]({page})\n",
    mark=lambda mark: f"<!-- {mark} -->",
    longest=LONGEST_TEXT,
)


class GitHubSink:
    """One issue for each case. The first of ``repositories`` (``owner/name``) is the usual one."""

    name = "github"

    def __init__(
        self,
        token_file: Path,
        repositories: Sequence[str],
        *,
        labels: Sequence[str] = (),
        address: str = ADDRESS,
        page_url: str = "",
    ) -> None:
        self._token_file = token_file
        self._repositories = tuple(repositories)
        self._labels = tuple(labels)
        self._address = address.rstrip("/")
        self._page_url = page_url.rstrip("/")

    def publish(self, incident: Incident) -> str:
        """Returns the issue's address. Raises Unavailable, Denied, Rejected."""
        repository = incident.channel or self._repositories[0]
        token = secret_in(self._token_file)
        outlet = Outlet(
            service="GitHub",
            url=f"{self._address}/repos/{repository}/issues",
            remedy=REMEDY,
            secrets=(token,),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            barred=frozenset({404, 410}),
            limits_by_403=True,
        )
        tracker = _Issues(outlet=outlet, repository=repository, labels=self._labels)
        return publish_to(tracker, incident, page_of(incident, self._page_url))

    def preview(self, incident: Incident) -> dict[str, object]:
        text = section(MARKDOWN, incident, page_of(incident, self._page_url))
        return {"title": title_of(incident.title, LONGEST_TITLE), "text": text}


class _Issues(Value, frozen=True):
    """Implements :class:`daemon.adapters.incidents.tickets.Tracker`."""

    outlet: Outlet
    repository: str
    labels: tuple[str, ...]
    layout: Layout = MARKDOWN

    def known(self, reference: str) -> Ticket | None:
        number = reference.rpartition("/")[2]
        if f"/{self.repository}/issues/" not in reference or not number.isdigit():
            return None
        answer = self.outlet.call("GET", f"/{number}", gone=GONE)
        return None if answer.status in GONE else _ticket(self.outlet.read(answer))

    def find(self, incident: Incident, mark: str) -> Ticket | None:
        since = f"{incident.case.spec.opened_at:%Y-%m-%dT%H:%M:%SZ}"
        query = {"state": "all", "since": since, "sort": "created", "direction": "desc", "per_page": "100"}
        found = self.outlet.read(self.outlet.call("GET", query=query))
        tickets = (_ticket(issue) for issue in found if "pull_request" not in issue)
        return next((ticket for ticket in tickets if self.layout.heads(ticket.text, mark)), None)

    def create(self, incident: Incident, text: str) -> Ticket:
        body = {"title": title_of(incident.title, LONGEST_TITLE), "body": text, "labels": list(self.labels)}
        return _ticket(self.outlet.read(self.outlet.call("POST", payload=body)))

    def rewrite(self, ticket: Ticket, incident: Incident, text: str) -> None:
        body = {"title": title_of(incident.title, LONGEST_TITLE), "body": text}
        self.outlet.call("PATCH", f"/{ticket.id}", body)

    def comments(self, ticket: Ticket) -> list[str]:
        answer = self.outlet.call("GET", f"/{ticket.id}/comments", query={"per_page": "100"})
        return [str(each.get("body") or "") for each in self.outlet.read(answer)]

    def comment(self, ticket: Ticket, text: str) -> None:
        self.outlet.call("POST", f"/{ticket.id}/comments", {"body": text})

    def move(self, ticket: Ticket, state: State) -> None:
        self.outlet.call("PATCH", f"/{ticket.id}", {"state": state})


def _ticket(issue: Mapping[str, Any]) -> Ticket:
    return Ticket(
        id=str(issue["number"]),
        reference=str(issue["html_url"]),
        text=str(issue.get("body") or ""),
        closed=issue.get("state") == "closed",
    )
