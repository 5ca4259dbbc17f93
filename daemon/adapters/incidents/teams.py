"""Incidents as Adaptive Cards in Microsoft Teams, by the webhook of a workflow.

The workflow "When a Teams webhook request is received" takes a message with cards and answers with 202; it
knows no threads, and tells nothing of what it has: a stage whose outcome could not be stored is there twice.
The webhook's address is signed, and so a secret. A ``TextRun`` is shown literally, where a ``TextBlock``
is read as Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from daemon.adapters.incidents.markup import one_line, plain
from daemon.adapters.incidents.outlet import Outlet, address_in, place_of
from daemon.adapters.incidents.webhook import message_id, page_of
from daemon.core.case.incident import Incident
from daemon.core.policy import Level
from daemon.presentation.action_links import ActionLinks, links_for

LONGEST_TITLE, LONGEST_TEXT, MOST_LINES = 250, 6000, 80
"""A message may have 28 KB, and each line of the text costs some 100 bytes around it."""
COLOURS = {Level.INFO: "Default", Level.WARNING: "Warning", Level.CRITICAL: "Attention"}
REMEDY = (
    "check that the workflow 'When a Teams webhook request is received' is on, that its owner still has an "
    "account, and that the file holds its whole address"
)


class TeamsSink:
    """A card for each stage. ``channels`` are their webhooks' files by name, the first one is the usual."""

    name = "teams"

    def __init__(
        self, channels: Mapping[str, Path], *, page_url: str = "", links: ActionLinks | None = None
    ) -> None:
        self._channels = dict(channels)
        self._page_url = page_url
        self._links = links

    def publish(self, incident: Incident) -> str:
        """Returns when Teams has taken the card. Raises Unavailable, Denied, Rejected."""
        channel, file = place_of(self._channels, incident.channel)
        address = address_in(file)
        outlet = Outlet(
            service=f"Microsoft Teams ({channel})",
            url=address,
            remedy=REMEDY,
            secrets=(address.partition("sig=")[2] or address,),
            # The workflow was deleted or switched off.
            barred=frozenset({404, 410}),
        )
        outlet.call("POST", payload=message_of(incident, self._page_url, self._links))
        return f"Teams card {message_id(incident)}"

    def preview(self, incident: Incident) -> dict[str, object]:
        return message_of(incident, self._page_url, self._links)


def message_of(incident: Incident, page_url: str, links: ActionLinks | None = None) -> dict[str, object]:
    lines = plain(incident.message, LONGEST_TEXT).split("\n")[:MOST_LINES]
    title = one_line(incident.title, LONGEST_TITLE)
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _literal(title, size="Large", weight="Bolder", color=COLOURS[incident.level]),
            # The first line is the title again.
            *(_literal(line) for line in lines[1:] if line.strip()),
        ],
    }
    if page := page_of(incident, page_url):
        asked = links_for(incident, links)
        addresses = [("The case", page), *((link.words, link.address) for link in asked)]
        card["actions"] = [{"type": "Action.OpenUrl", "title": words, "url": at} for words, at in addresses]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _literal(text: str, **looks: str) -> dict[str, object]:
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text, **looks}],
        "spacing": "None",
    }
