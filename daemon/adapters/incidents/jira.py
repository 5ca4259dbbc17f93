"""Incidents as Jira issues, of Jira Cloud and of Jira Server or Data Center, by version 2 of the REST API.

https://developer.atlassian.com/cloud/jira/platform/rest/v2/. Both take wiki markup there. They differ in who
one is (an account's email with an API token, or a personal access token) and in where one searches: Cloud has
taken ``/search`` away. An issue is found by a label that names the case; workflows have transitions of their
own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.adapters.incidents.markup import noformat, one_line
from daemon.adapters.incidents.outlet import Outlet, entries, fields, secret_in
from daemon.adapters.incidents.tickets import (
    Layout,
    State,
    Ticket,
    mark_of,
    publish_to,
    section,
    texts_of,
)
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.value import Value
from daemon.ports import Rejected

LONGEST_TITLE, LONGEST_TEXT = 250, 30_000
"""Characters; Jira takes 255 and 32,767."""
GONE = frozenset({404})
FIELDS = "description,status"
REMEDY = (
    "check the project, the issue type and the fields that it requires, and that the account may create, "
    "edit and close issues there"
)
WIKI = Layout(
    begin="(rollbackd: what is between these lines is rewritten)",
    end="(rollbackd: to here)",
    literal=noformat,
    link=lambda page: f"[The case|{page}]\n",
    mark=lambda mark: f"({mark})",
    longest=LONGEST_TEXT,
)


class JiraSink:
    """One issue for each case. The first of ``projects`` (``OPS``) is the usual one. With an ``email`` it is
    Jira Cloud, whose API tokens are an account's."""

    name = "jira"

    def __init__(
        self,
        address: str,
        token_file: Path,
        projects: Sequence[str],
        *,
        email: str = "",
        issue_type: str = "Task",
        page_url: str = "",
    ) -> None:
        self._address = address
        self._token_file = token_file
        self._projects = tuple(projects)
        self._email = email
        self._issue_type = issue_type
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns the issue's address. Raises Unavailable, Denied, Rejected."""
        token = secret_in(self._token_file)
        basic = base64.b64encode(f"{self._email}:{token}".encode()).decode("ascii")
        outlet = Outlet(
            service="Jira",
            url=f"{self._address}/rest/api/2",
            remedy=REMEDY,
            secrets=(token, basic),
            headers={"Authorization": f"Basic {basic}" if self._email else f"Bearer {token}"},
        )
        tracker = _Issues(
            outlet=outlet,
            address=self._address,
            project=incident.channel or self._projects[0],
            issue_type=self._issue_type,
            search="/search/jql" if self._email else "/search",
        )
        return publish_to(tracker, incident, page_of(incident, self._page_url))

    def preview(self, incident: Incident) -> dict[str, object]:
        text = section(WIKI, incident, page_of(incident, self._page_url))
        return {"summary": one_line(incident.title, LONGEST_TITLE), "description": text}


class _Issues(Value, frozen=True):
    """Implements :class:`daemon.adapters.incidents.tickets.Tracker`."""

    outlet: Outlet
    address: str
    project: str
    issue_type: str
    search: str
    layout: Layout = WIKI

    def known(self, reference: str) -> Ticket | None:
        key = reference.removeprefix(f"{self.address}/browse/")
        if key == reference or not key.replace("-", "").isalnum():
            return None
        answer = self.outlet.call("GET", f"/issue/{key}", query={"fields": FIELDS}, gone=GONE)
        return None if answer.status in GONE else self.outlet.read(answer, self._ticket)

    def find(self, incident: Incident, mark: str) -> Ticket | None:  # noqa: ARG002
        jql = f'project = "{self.project}" AND labels = "{mark}" ORDER BY created DESC'
        query = {"jql": jql, "fields": FIELDS, "maxResults": "1"}
        answer = self.outlet.call("GET", self.search, query=query)
        found = self.outlet.read(answer, lambda found: [*map(self._ticket, entries(fields(found)["issues"]))])
        return next(iter(found), None)

    def create(self, incident: Incident, text: str) -> Ticket:
        given = {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": one_line(incident.title, LONGEST_TITLE),
            "description": text,
            "labels": [mark_of(incident)],
        }
        answer = self.outlet.call("POST", "/issue", {"fields": given})
        told = {"fields": {"description": text}}
        return self.outlet.read(answer, lambda found: self._ticket({**fields(found), **told}))

    def rewrite(self, ticket: Ticket, incident: Incident, text: str) -> None:
        given = {"summary": one_line(incident.title, LONGEST_TITLE), "description": text}
        self.outlet.call("PUT", f"/issue/{ticket.id}", {"fields": given})

    def comments(self, ticket: Ticket) -> list[str]:
        query = {"maxResults": "100", "orderBy": "-created"}
        answer = self.outlet.call("GET", f"/issue/{ticket.id}/comment", query=query)
        return self.outlet.read(answer, lambda found: texts_of(fields(found)["comments"]))

    def comment(self, ticket: Ticket, text: str) -> None:
        self.outlet.call("POST", f"/issue/{ticket.id}/comment", {"body": text})

    def move(self, ticket: Ticket, state: State) -> None:
        """By a transition that leads there. Raises Rejected where the workflow has none to be closed by."""
        path = f"/issue/{ticket.id}/transitions"
        there = self.outlet.read(
            self.outlet.call("GET", path),
            lambda found: [
                str(each["id"])
                for each in entries(fields(found)["transitions"])
                if _is_done(each.get("to") or {}) == (state == "closed")
            ],
        )
        if there:
            self.outlet.call("POST", path, {"transition": {"id": there[0]}})
        elif state == "closed":
            raise Rejected(
                f"Jira's {ticket.id} says how the incident ended and stays open: its workflow has no "
                "transition to a status of the category Done that the account may use; close it by hand"
            )

    def _ticket(self, found: Any) -> Ticket:
        issue = fields(found)
        known = fields(issue.get("fields") or {})
        return Ticket(
            id=str(issue["key"]),
            reference=f"{self.address}/browse/{issue['key']}",
            text=str(known.get("description") or ""),
            closed=_is_done(known.get("status") or {}),
        )


def _is_done(status: Mapping[str, Any]) -> bool:
    return bool((status.get("statusCategory") or {}).get("key") == "done")
