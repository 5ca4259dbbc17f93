"""Incidents as tickets: one for each case, found again before another is made, rewritten in place, closed.

Ours in a ticket's text stands between two lines, and only that is rewritten: what people add around it, such
as a link to the root-cause analysis, stays. Where somebody took the lines out, the text is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

from daemon.adapters.incidents.outlet import entries
from daemon.adapters.incidents.webhook import message_id
from daemon.core.case.incident import Incident
from daemon.core.value import Value

State = Literal["open", "closed"]


class Ticket(Value, frozen=True):
    """One as it is. ``id`` is the tracker's own name for it within its channel; ``reference`` names it for
    people, and leads back to it."""

    id: str
    reference: str
    text: str
    closed: bool


class Layout(Value, frozen=True):
    """How a tracker's text is written: the two lines around ours, and what makes a text literal."""

    begin: str
    end: str
    literal: Callable[[str, int], str]
    link: Callable[[str], str]
    mark: Callable[[str], str]
    """A mark by which a text is known again, out of people's way."""
    longest: int

    def heads(self, text: str, mark: str) -> bool:
        """Whether our part of the text bears the mark: anywhere else it is somebody's words."""
        return f"{self.begin}\n{self.mark(mark)}" in _lines(text)


class Tracker(Protocol):
    """One channel of a tracker. All calls raise Unavailable, Denied, Rejected."""

    @property
    def layout(self) -> Layout: ...

    def known(self, reference: str) -> Ticket | None:
        """The ticket of a reference; ``None`` where it was deleted, or is elsewhere."""
        ...

    def find(self, incident: Incident, mark: str) -> Ticket | None:
        """The ticket whose text has the mark, among those made since the case was opened."""
        ...

    def create(self, incident: Incident, text: str) -> Ticket: ...

    def rewrite(self, ticket: Ticket, incident: Incident, text: str) -> None:
        """Give it the incident's title, and this text."""
        ...

    def comments(self, ticket: Ticket) -> Iterable[str]:
        """The texts of its comments; read on for as long as is wanted."""
        ...

    def comment(self, ticket: Ticket, text: str) -> None: ...

    def move(self, ticket: Ticket, state: State) -> None: ...


def publish_to(tracker: Tracker, incident: Incident, page: str) -> str:
    """Have the case's ticket say what the incident says. Returns its reference. Repeats change nothing."""
    layout = tracker.layout
    ours = section(layout, incident, page)
    ticket = tracker.known(incident.reference) if incident.reference else None
    ticket = ticket or tracker.find(incident, mark_of(incident))
    if ticket is None:
        ticket = tracker.create(incident, ours)
    else:
        tracker.rewrite(ticket, incident, _with(layout, ticket.text, ours))
        if incident.stage != "opened" or ticket.closed:
            _comment(tracker, ticket, incident)
    if incident.stage == "closed" and not ticket.closed:
        tracker.move(ticket, "closed")
    elif incident.stage == "opened" and ticket.closed:
        tracker.move(ticket, "open")
    return ticket.reference


def mark_of(incident: Incident) -> str:
    return f"rollbackd-{re.sub(r'[^A-Za-z0-9.-]', '-', incident.key)}"


def section(layout: Layout, incident: Incident, page: str) -> str:
    """Our part of a ticket's text."""
    link = [layout.link(page)] if page else []
    told = layout.literal(incident.message, layout.longest)
    return "\n".join([layout.begin, layout.mark(mark_of(incident)), *link, told, layout.end])


def _comment(tracker: Tracker, ticket: Ticket, incident: Incident) -> None:
    """The stage as a comment, for whoever follows the ticket; once, whatever was tried before."""
    mark = tracker.layout.mark(message_id(incident))
    # At the end: in the words before it the mark may be somebody's.
    if any(text.rstrip().endswith(mark) for text in tracker.comments(ticket)):
        return
    told = tracker.layout.literal(f"{incident.title}\n{incident.reason}", tracker.layout.longest)
    tracker.comment(ticket, f"{told}\n\n{mark}")


def _with(layout: Layout, text: str, ours: str) -> str:
    """The text with our section in place of the one before."""
    text = _lines(text)
    head, begun, rest = text.partition(layout.begin)
    _, ended, tail = rest.rpartition(layout.end)
    return f"{head}{ours}{tail}" if begun and ended else text


def _lines(text: str) -> str:
    """As it was written; some trackers give it back with other ends of lines."""
    return text.replace("\r\n", "\n")


def texts_of(found: Any) -> list[str]:
    """The texts of comments, as a tracker lists them. Raises TypeError where that is no list."""
    return [str(each.get("body") or "") for each in entries(found)]
