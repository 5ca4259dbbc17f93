"""Incidents as PagerDuty alerts, by the Events API v2.

https://developer.pagerduty.com/docs/events-api-v2-overview: an alert is identified by its ``dedup_key``, so a
repeat changes nothing and each stage updates the one alert; ``resolve`` ends it.
"""

from __future__ import annotations

from pathlib import Path

from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.incident import Incident
from daemon.core.masking import MASK

ADDRESS = "https://events.pagerduty.com"
LONGEST_SUMMARY = 1024
"""Characters that PagerDuty takes of a summary."""
LONGEST_DETAIL = 20_000
"""Characters of the message and of the timeline each; a whole event may have 512 kB."""


class PagerDutySink:
    """One alert for each case: ``opened`` and ``updated`` trigger, ``closed`` resolves."""

    name = "pagerduty"

    def __init__(self, routing_key_file: Path, *, address: str = ADDRESS, page_url: str = "") -> None:
        self._key_file = routing_key_file
        self._url = f"{address}/v2/enqueue"
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns when PagerDuty has taken the event. Raises Unavailable, Denied, Rejected."""
        key = secret_in(self._key_file)
        outlet = Outlet(
            service="PagerDuty",
            url=self._url,
            remedy="check the routing key: it is that of an Events API v2 integration of an active service",
            secrets=(key,),
        )
        outlet.call("POST", payload=self._event(incident, key))
        return f"PagerDuty alert {incident.key}"

    def preview(self, incident: Incident) -> dict[str, object]:
        return self._event(incident, MASK)

    def _event(self, incident: Incident, key: str) -> dict[str, object]:
        case = incident.case
        page = page_of(incident, self._page_url)
        event: dict[str, object] = {
            "routing_key": key,
            "dedup_key": incident.key,
            "event_action": "resolve" if incident.stage == "closed" else "trigger",
            "client": "rollbackd",
            "payload": {
                "summary": f"{incident.title}: {incident.reason}"[:LONGEST_SUMMARY],
                "source": str(case.ref),
                # The words are the same: https://developer.pagerduty.com/docs/send-alert-event
                "severity": incident.level.value,
                "timestamp": incident.at.isoformat(),
                "component": case.spec.workload,
                "group": case.namespace,
                "class": case.phase.value,
                "custom_details": {
                    "message": incident.message[:LONGEST_DETAIL],
                    "timeline": "\n".join(incident.timeline)[-LONGEST_DETAIL:],
                },
            },
        }
        if page:
            event |= {"client_url": page, "links": [{"href": page, "text": "the case"}]}
        return event
