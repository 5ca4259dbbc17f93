"""Incidents as Kubernetes Events on the Deployment: what ``kubectl describe`` shows."""

from __future__ import annotations

import hashlib
from typing import Any

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.resources import EVENTS
from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import Incident
from daemon.core.policy import Level

MESSAGE_BYTES = 1024
COMPONENT = "rollbackd"
REASONS = {
    Phase.PROGRESSING: "RolloutWatched",
    Phase.WATCHING: "RolloutWatched",
    Phase.FAILING: "ReleaseFailing",
    Phase.AWAITING_APPROVAL: "RollbackAwaitsApproval",
    Phase.HELD: "RollbackHeld",
    Phase.ROLLING_BACK: "RollbackStarted",
    Phase.VERIFYING: "RollbackVerifying",
    Phase.ROLLED_BACK: "RollbackCompleted",
    Phase.UNRECOVERED: "Unrecovered",
    Phase.HEALTHY: "ReleaseHealthy",
    Phase.SUPERSEDED: "RolloutSuperseded",
    Phase.ADVISED: "RollbackAdvised",
}
"""The Events' machine-readable reasons, one for each phase."""
IN_PLACE = {
    Phase.PROGRESSING: "ConfigurationWatched",
    Phase.WATCHING: "ConfigurationWatched",
    Phase.FAILING: "ConfigurationFailing",
    Phase.AWAITING_APPROVAL: "RestoringAwaitsApproval",
    Phase.HELD: "RestoringHeld",
    Phase.ROLLING_BACK: "RestoringStarted",
    Phase.VERIFYING: "RestoringVerifying",
    Phase.ROLLED_BACK: "RestoringCompleted",
    Phase.UNRECOVERED: "Unrecovered",
    Phase.HEALTHY: "ConfigurationHealthy",
    Phase.SUPERSEDED: "ConfigurationSuperseded",
    Phase.ADVISED: "RestoringAdvised",
}
"""The same of configuration that was changed with no rollout."""


class EventSink:
    """Implements :class:`daemon.ports.IncidentSink`. ``instance`` names the daemon's pod."""

    name = "events"

    def __init__(self, client: KubeClient, *, instance: str = COMPONENT) -> None:
        self._client = client
        self._instance = instance

    def publish(self, incident: Incident) -> str:
        event = event_of(incident, self._instance)
        namespace, name = incident.case.namespace, event["metadata"]["name"]
        try:
            self._client.request("POST", EVENTS.path(namespace), body=event)
        except ports.Conflict:
            pass  # this stage was published before
        except ports.Missing as error:
            raise ports.Rejected(f"namespace {namespace} does not exist any more") from error
        return f"event {namespace}/{name}"

    def preview(self, incident: Incident) -> dict[str, Any]:
        return event_of(incident, self._instance)


def event_of(incident: Incident, instance: str) -> dict[str, Any]:
    """The Event; its name follows from case, stage and time, so publishing it twice is a conflict."""
    case = incident.case
    identity = f"{incident.key}/{incident.stage}/{incident.at.isoformat()}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    at = incident.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{case.spec.workload[:200]}.{digest}", "namespace": case.namespace},
        "involvedObject": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": case.namespace,
            "name": case.spec.workload,
            "uid": case.spec.workload_uid,
        },
        "reason": _reason(case),
        "message": _cut(f"{incident.title}: {incident.reason}"),
        "type": "Normal" if incident.level is Level.INFO else "Warning",
        "source": {"component": COMPONENT},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "action": incident.stage,
        "reportingComponent": COMPONENT,
        "reportingInstance": instance,
    }


def _reason(case: Case) -> str:
    if case.announced:
        return "RestoringAnnounced" if case.spec.in_place else "RollbackAnnounced"
    return (IN_PLACE if case.spec.in_place else REASONS)[case.phase]


def _cut(text: str) -> str:
    """At most ``MESSAGE_BYTES`` of UTF-8, cut between characters."""
    data = text.encode()
    if len(data) <= MESSAGE_BYTES:
        return text
    return data[: MESSAGE_BYTES - 3].decode(errors="ignore") + "…"
