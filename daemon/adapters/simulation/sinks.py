"""An incident sink that keeps what is published to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from daemon.core.case.incident import Incident


class MemorySink:
    """Implements :class:`daemon.ports.IncidentSink`."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self._lock = threading.Lock()
        self._deliveries: list[Incident] = []

    def publish(self, incident: Incident) -> str:
        with self._lock:
            self._deliveries.append(incident)
            keys = list(dict.fromkeys(each.key for each in self._deliveries))
            return f"{self.name}#{keys.index(incident.key) + 1}"

    @property
    def deliveries(self) -> Sequence[Incident]:
        """Everything that arrived, repeats included, oldest first."""
        with self._lock:
            return tuple(self._deliveries)

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """What a person would see: for each key the newest stage."""
        with self._lock:
            return {incident.key: incident for incident in self._deliveries}
