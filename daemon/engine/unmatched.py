"""The alerts that nobody took: the newest of them with the reason, for people who wonder where one went."""

from __future__ import annotations

import threading
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.model import Alert

KEPT = 20
"""One entry for each set of labels; the newest ones."""


class Unmatched:
    """Written by the workers, read by the web server's threads: the list is replaced as a whole."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = threading.Lock()
        self._listed: dict[str, UnmatchedAlert] = {}
        self._counter = Counter(
            "rollbackd_alerts_unmatched",
            "Alerts that were delivered and concerned no guarded workload.",
            registry=registry,
        )

    def note(self, alert: Alert, reason: str, now: datetime) -> None:
        self._counter.inc()
        with self._lock:
            self._list(alert, reason, now)

    def _list(self, alert: Alert, reason: str, now: datetime) -> None:
        key = alert.fingerprint[:64]
        others = {k: entry for k, entry in self._listed.items() if k != key}
        before = self._listed.get(key)
        entry = UnmatchedAlert(
            name=alert.name[:200],
            status=alert.status,
            reason=reason,
            seen_at=now,
            times=before.times + 1 if before is not None else 1,
        )
        kept = list(others.items())[-(KEPT - 1) :]
        self._listed = dict([*kept, (key, entry)])

    def listed(self) -> tuple[UnmatchedAlert, ...]:
        """The newest first."""
        return tuple(reversed(self._listed.values()))
