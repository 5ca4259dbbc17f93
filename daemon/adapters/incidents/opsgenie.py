"""Incidents as Opsgenie alerts, by the Alert API v2: https://docs.opsgenie.com/docs/alert-api.

An alert is known by its alias: creating one that is open only counts it. So it is created at each stage, and
then given its text and priority, which changes nothing when repeated. Requests are taken with 202 and carried
out later. Its pages show HTML in a description.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from daemon.adapters.incidents.markup import one_line, without_tags
from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.policy import Level

ADDRESS = "https://api.opsgenie.com"
LONGEST_TITLE, LONGEST_TEXT = 130, 15_000
"""Characters that Opsgenie takes."""
PRIORITIES = {Level.INFO: "P5", Level.WARNING: "P3", Level.CRITICAL: "P1"}
REMEDY = (
    "check the key: it is that of an API integration that may create and update alerts, and of this region"
)


class OpsgenieSink:
    """One alert for each case, with the case as its alias: ``closed`` closes it."""

    name = "opsgenie"

    def __init__(self, key_file: Path, *, address: str = ADDRESS, page_url: str = "") -> None:
        self._key_file = key_file
        self._url = f"{address}/v2/alerts"
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns when Opsgenie has taken all requests. Raises Unavailable, Denied, Rejected."""
        key = secret_in(self._key_file)
        outlet = Outlet(
            service="Opsgenie",
            url=self._url,
            remedy=REMEDY,
            secrets=(key,),
            headers={"Authorization": f"GenieKey {key}"},
        )
        alias, by_alias = quote(incident.key, safe=""), {"identifierType": "alias"}
        text, priority = self._text(incident), PRIORITIES[incident.level]
        if incident.stage == "closed":
            note = {"source": "rollbackd", "note": without_tags(incident.reason, LONGEST_TEXT)}
            outlet.call("PUT", f"/{alias}/description", {"description": text}, query=by_alias)
            outlet.call("POST", f"/{alias}/close", note, query=by_alias)
            return f"Opsgenie alert {incident.key}"
        outlet.call("POST", "", self.preview(incident))
        if incident.stage == "updated":
            outlet.call("PUT", f"/{alias}/message", {"message": self._title(incident)}, query=by_alias)
            outlet.call("PUT", f"/{alias}/description", {"description": text}, query=by_alias)
            outlet.call("PUT", f"/{alias}/priority", {"priority": priority}, query=by_alias)
        return f"Opsgenie alert {incident.key}"

    def preview(self, incident: Incident) -> dict[str, object]:
        """The alert as it is created."""
        case = incident.case
        return {
            "alias": incident.key,
            "message": self._title(incident),
            "description": self._text(incident),
            "priority": PRIORITIES[incident.level],
            "entity": str(case.ref),
            "source": "rollbackd",
            "tags": ["rollbackd", case.namespace[:50]],
            "details": {"case": case.name, "phase": case.phase.value},
        }

    def _title(self, incident: Incident) -> str:
        return one_line(without_tags(incident.title, LONGEST_TITLE), LONGEST_TITLE)

    def _text(self, incident: Incident) -> str:
        page = page_of(incident, self._page_url)
        head = f"{page}\n\n" if page else ""
        return head + without_tags(incident.message, LONGEST_TEXT - len(head))
