"""Incidents as Sentry issues, through the SDK's client with a delivery that can be relied on."""

from __future__ import annotations

import uuid
from typing import Any

from daemon.adapters.incidents.sentry_client import SentryOptions, connect
from daemon.core.case.case_lines import evidence
from daemon.core.case.incident import Incident
from daemon.core.policy import Level
from daemon.ports import Rejected

_EVENTS = uuid.UUID("6f1f2a53-6c1b-4d0c-9c39-2b6a8a2b8a6e")
"""Our namespace of event ids; changing it would make old incidents' repeats new events."""

LEVELS = {Level.INFO: "info", Level.WARNING: "warning", Level.CRITICAL: "error"}


class SentrySink:
    """One issue for each case (its fingerprint), one event for each stage.

    An event's id follows from what it reports, so a repeat is one that Sentry has already and drops.
    Raises ValueError on a DSN that is none.
    """

    name = "sentry"

    def __init__(self, options: SentryOptions) -> None:
        self._page_url = options.page_url
        self._client = connect(options)

    def publish(self, incident: Incident) -> str:
        """Returns when Sentry has taken the event. Raises Unavailable, Denied, Rejected."""
        event_id = self._client.capture_event(_event(incident, self._page_url))
        if event_id is None:
            raise Rejected(
                f"the Sentry SDK dropped the event of {incident.title}: check its SENTRY_ variables"
            )
        return f"Sentry event {event_id}"

    def preview(self, incident: Incident) -> dict[str, object]:
        return dict(_event(incident, self._page_url))

    def close(self) -> None:
        self._client.close(timeout=0)


def event_id(incident: Incident) -> str:
    return uuid.uuid5(_EVENTS, f"{incident.key}/{incident.stage}/{incident.at.isoformat()}").hex


def _event(incident: Incident, page_url: str) -> Any:
    case = incident.case
    contexts: dict[str, dict[str, object]] = {
        # Texts, for lists of more than ten items are cut by the SDK.
        "evidence": {"lines": "\n".join(evidence(case)) or "none"},
        "rollout": {
            "case": f"{case.namespace}/{case.name}",
            "verdict": case.status.verdict.value,
            "reason": incident.reason,
            "image": case.spec.revision.image,
            "rolled back to": case.status.target.image if case.status.target else "nothing",
        },
    }
    if page_url:
        contexts["rollout"]["page"] = f"{page_url}/#/cases/{case.namespace}/{case.name}"
    return {
        "event_id": event_id(incident),
        "timestamp": incident.at,
        "level": LEVELS[incident.level],
        "logger": "rollbackd",
        # Its first line is the title.
        "logentry": {"message": f"{incident.title}: {incident.reason}\n\n{incident.message}"},
        "transaction": str(case.ref),
        "fingerprint": [incident.key],
        "tags": {
            "workload": case.spec.workload,
            "namespace": case.namespace,
            "revision": str(case.spec.revision.number),
            "version": case.spec.revision.tag,
            "phase": case.phase.value,
            "verdict": case.status.verdict.value,
            "stage": incident.stage,
        },
        "contexts": contexts,
        "extra": {"timeline": "\n".join(incident.timeline)},
        "breadcrumbs": {"values": _breadcrumbs(incident)},
    }


def _breadcrumbs(incident: Incident) -> list[dict[str, object]]:
    """The timeline, as Sentry shows it below the issue."""
    return [
        {"timestamp": entry.at, "category": entry.phase.value, "message": entry.text, "level": "info"}
        for entry in incident.case.status.timeline[-100:]
    ]
