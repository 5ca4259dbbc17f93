"""Incidents as lines of the daemon's own log."""

from __future__ import annotations

from daemon import logs
from daemon.core.case.incident import Incident


class LogSink:
    """One structured line for each stage. It is the record of last resort: it never fails."""

    name = "log"

    def __init__(self) -> None:
        self._log = logs.get("incident")

    def publish(self, incident: Incident) -> str:
        write = {"info": self._log.info, "warning": self._log.warning, "critical": self._log.error}[
            incident.level.value
        ]
        write(incident.title, **self.preview(incident))
        return f"log line of {incident.at:%H:%M:%S} UTC"

    def preview(self, incident: Incident) -> dict[str, object]:
        """The fields of the line."""
        case = incident.case
        return {
            "incident": incident.key,
            "stage": incident.stage,
            "namespace": case.namespace,
            "workload": case.spec.workload,
            "case": case.name,
            "phase": case.phase.value,
            "reason": incident.reason,
            "message": incident.message,
        }
