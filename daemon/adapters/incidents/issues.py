"""Incidents as issues in Markdown, of services that differ in words alone: a project has issues, an issue has
a text, a state and comments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from daemon.adapters.incidents.markup import fenced, title_of
from daemon.adapters.incidents.outlet import Outlet, entries, fields, secret_in
from daemon.adapters.incidents.tickets import Layout, State, Ticket, publish_to, section, texts_of
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.value import Value

T = TypeVar("T")
LONGEST_TITLE, LONGEST_TEXT = 250, 60_000
"""Characters; GitHub takes 256 and 65,536, GitLab a title of 255."""
PER_PAGE, MOST_PAGES = 100, 25
"""GitHub takes 2,500 comments of an issue, and lists the oldest first."""
GONE = frozenset({301, 404, 410})
BARRED = frozenset({404, 410})
"""What is answered where a token may not see a project, or a project has no issues."""
MARKDOWN = Layout(
    begin="<!-- rollbackd: what is between these lines is rewritten -->",
    end="<!-- rollbackd: to here -->",
    literal=fenced,
    link=lambda page: f"[The case]({page})\n",
    mark=lambda mark: f"<!-- {mark} -->",
    longest=LONGEST_TEXT,
)


class Dialect(Value, frozen=True):
    """A service's words for an issue. The first three are fields of its answers."""

    number: str
    address: str
    text: str
    comments: str
    """The path of an issue's comments."""
    change: str
    """The method that changes an issue."""
    newest: Mapping[str, str]
    """The query that lists issues, the newest first."""
    since: str
    """The query's argument with the time that they were made after."""
    moves: Mapping[State, Mapping[str, str]]
    """What brings an issue into a state."""
    separator: str | None = None
    """Between labels where they are one text, and not a list."""


class IssueSink(ABC):
    """One issue for each case. The first of ``projects`` is the usual one."""

    def __init__(
        self,
        token_file: Path,
        projects: Sequence[str],
        *,
        address: str,
        labels: Sequence[str] = (),
        page_url: str = "",
    ) -> None:
        self._token_file = token_file
        self._projects = tuple(projects)
        self._labels = tuple(labels)
        self._address = address
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns the issue's address. Raises Unavailable, Denied, Rejected."""
        tracker = self._issues(incident.channel or self._projects[0], secret_in(self._token_file))
        return publish_to(tracker, incident, page_of(incident, self._page_url))

    def preview(self, incident: Incident) -> dict[str, object]:
        text = section(MARKDOWN, incident, page_of(incident, self._page_url))
        return {"title": title_of(incident.title, LONGEST_TITLE), "text": text}

    @abstractmethod
    def _issues(self, project: str, token: str) -> Issues: ...


class Issues(Value, frozen=True):
    """A project's. Implements :class:`daemon.adapters.incidents.tickets.Tracker`."""

    outlet: Outlet
    dialect: Dialect
    place: str
    """What the address of one of its issues holds, and no other project's."""
    labels: tuple[str, ...]
    layout: Layout = MARKDOWN

    def known(self, reference: str) -> Ticket | None:
        number = reference.rpartition("/")[2]
        if self.place not in reference or not number.isdigit():
            return None
        answer = self.outlet.call("GET", f"/{number}", gone=GONE)
        return None if answer.status in GONE else self.outlet.read(answer, self._ticket)

    def find(self, incident: Incident, mark: str) -> Ticket | None:
        since = f"{incident.case.spec.opened_at:%Y-%m-%dT%H:%M:%SZ}"
        tickets = self._pages("", {**self.dialect.newest, self.dialect.since: since}, self._tickets)
        return next((ticket for ticket in tickets if self.layout.heads(ticket.text, mark)), None)

    def create(self, incident: Incident, text: str) -> Ticket:
        separator = self.dialect.separator
        labels = list(self.labels) if separator is None else separator.join(self.labels)
        body = {**self._texts(incident, text), "labels": labels}
        return self.outlet.read(self.outlet.call("POST", payload=body), self._ticket)

    def rewrite(self, ticket: Ticket, incident: Incident, text: str) -> None:
        self.outlet.call(self.dialect.change, f"/{ticket.id}", self._texts(incident, text))

    def comments(self, ticket: Ticket) -> Iterator[str]:
        return self._pages(self._comments(ticket), {}, texts_of)

    def comment(self, ticket: Ticket, text: str) -> None:
        self.outlet.call("POST", self._comments(ticket), {"body": text})

    def move(self, ticket: Ticket, state: State) -> None:
        self.outlet.call(self.dialect.change, f"/{ticket.id}", self.dialect.moves[state])

    def _pages(
        self, path: str, query: Mapping[str, str], shape: Callable[[Any], Sequence[T | None]]
    ) -> Iterator[T]:
        """What is listed, page by page for as long as somebody reads on; ``None`` is passed over."""
        for page in range(1, MOST_PAGES + 1):
            asked = {**query, "per_page": str(PER_PAGE), "page": str(page)}
            found = self.outlet.read(self.outlet.call("GET", path, query=asked), shape)
            yield from (each for each in found if each is not None)
            if len(found) < PER_PAGE:
                return

    def _tickets(self, found: Any) -> list[Ticket | None]:
        # A pull request is an issue, too, where one lists these.
        return [None if "pull_request" in issue else self._ticket(issue) for issue in entries(found)]

    def _comments(self, ticket: Ticket) -> str:
        return f"/{ticket.id}/{self.dialect.comments}"

    def _texts(self, incident: Incident, text: str) -> dict[str, object]:
        return {"title": title_of(incident.title, LONGEST_TITLE), self.dialect.text: text}

    def _ticket(self, found: Any) -> Ticket:
        issue = fields(found)
        return Ticket(
            id=str(issue[self.dialect.number]),
            reference=str(issue[self.dialect.address]),
            text=str(issue.get(self.dialect.text) or ""),
            closed=issue.get("state") == "closed",
        )
