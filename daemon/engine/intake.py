"""From a delivery of alerts to the cases that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from daemon.core.case.alerts import Match, Naming, attributed, find
from daemon.core.model import Alert, Episode, WorkloadRef
from daemon.engine.reconciler import Reconciler
from daemon.engine.unmatched import Unmatched
from daemon.ports import Clock, Cluster


class AlertIntake:
    """Gives each case its alerts of a delivery at once, and notes those that concern no workload."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        reconciler: Reconciler,
        naming: Naming,
        unmatched: Unmatched,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._reconciler = reconciler
        self._naming = naming
        self._unmatched = unmatched
        self._clock = clock

    def take(self, alerts: Sequence[Alert], look_at: Callable[[WorkloadRef], None]) -> int:
        """Store the alerts; returns how many concerned a workload. Raises PortError.

        Storing is repeatable: after an error the delivery comes again as a whole.
        """
        by_workload, missed = self._sort(alerts)
        for ref, its in by_workload.items():
            if self._reconciler.alert(ref, its):
                look_at(ref)
            else:
                missed += [(alert, f"{ref} has no rollout to record it on yet") for alert in its]
        now = self._clock.now()
        for alert, reason in missed:
            self._unmatched.note(alert, reason, now)
        return len({alert.identity for alert in alerts} - {alert.identity for alert, _ in missed})

    def _sort(
        self, alerts: Sequence[Alert]
    ) -> tuple[dict[WorkloadRef, list[Alert]], list[tuple[Alert, str]]]:
        workloads = self._cluster.workloads()
        by_workload: dict[WorkloadRef, list[Alert]] = {}
        missed: list[tuple[Alert, str]] = []
        episodes: Mapping[Episode, WorkloadRef] | None = None
        for alert in alerts:
            answer = find(alert, workloads, self._naming)
            if isinstance(answer, Match):
                by_workload.setdefault(answer.ref, []).append(attributed(alert, answer))
                continue
            if episodes is None:
                episodes = self._reconciler.episodes()
            known = episodes.get(alert.identity)
            if known is None:
                missed.append((alert, answer.reason))
            else:
                # It was this workload's when it began; the pod that it names may be gone since.
                by_workload.setdefault(known, []).append(alert)
        return by_workload, missed
