"""Incidents by the library apprise, which knows more than a hundred services: https://github.com/caronc/apprise.

It says whether a message was taken and not why it was not, so that every failure is tried again. What it logs
may hold the address, which is a secret: its log is switched off.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from daemon.adapters.incidents.markup import one_line, plain
from daemon.adapters.incidents.outlet import place_of, secret_in
from daemon.adapters.incidents.webhook import message_id, page_of
from daemon.core.case.incident import Incident
from daemon.core.policy import Level
from daemon.ports import Denied, Unavailable
from daemon.presentation.action_links import ActionLinks, links_for

LONGEST_TITLE, LONGEST_TEXT = 250, 30_000
"""Characters; apprise cuts what a service takes less of."""
TYPES = {Level.INFO: "info", Level.WARNING: "warning", Level.CRITICAL: "failure"}


class AppriseSink:
    """A message for each stage. ``channels`` are files with one address each, by name; the first is the usual
    one. One address each, for what was taken must not be sent again because another one refused.
    """

    name = "apprise"

    def __init__(
        self, channels: Mapping[str, Path], *, page_url: str = "", links: ActionLinks | None = None
    ) -> None:
        self._channels = dict(channels)
        self._page_url = page_url
        self._links = links

    def publish(self, incident: Incident) -> str:
        """Returns when the service has taken the message. Raises Unavailable, Denied, Rejected."""
        from apprise import Apprise, NotifyFormat

        logging.getLogger("apprise").disabled = True
        _, file = place_of(self._channels, incident.channel)
        service = Apprise()
        if not service.add(secret_in(file)):
            raise Denied(f"{file} holds no address that apprise knows: see its list of services")
        shown = self.preview(incident)
        taken = service.notify(
            title=shown["title"], body=shown["body"], notify_type=shown["type"], body_format=NotifyFormat.TEXT
        )
        if not taken:
            raise Unavailable(
                f"apprise could not notify by the address in {file}: check the service and the address, with "
                "apprise's own command if need be"
            )
        return f"apprise message {message_id(incident)}"

    def preview(self, incident: Incident) -> dict[str, str]:
        page = page_of(incident, self._page_url)
        asked = links_for(incident, self._links)
        lines = [plain(incident.message, LONGEST_TEXT), *([page] if page else [])]
        lines += [f"{link.words}: {link.address}" for link in asked]
        return {
            "title": one_line(incident.title, LONGEST_TITLE),
            "body": "\n".join(lines),
            "type": TYPES[incident.level],
        }
