"""From a delivery of alerts to the cases that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence

from daemon.core.case.alert_index import WorkloadIndex
from daemon.core.case.alerts import Match, Naming, attributed
from daemon.core.model import Alert, Episode, WorkloadRef
from daemon.engine.delivery import Steps
from daemon.engine.desks import Desks
from daemon.engine.unmatched import Unmatched
from daemon.ports import Clock, Cluster, PortError

LOOKED_UP = 100
"""Alerts that are looked up in one turn of the worker."""
Sorted = tuple[dict[WorkloadRef, list[Alert]], list[tuple[Alert, str]]]
"""The alerts of each workload, and those of none with the reason."""


class AlertIntake:
    """Gives each case its alerts of a delivery at once, and notes those that concern no workload."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        desks: Desks,
        naming: Naming,
        unmatched: Unmatched,
        clock: Clock,
    ) -> None:
        self._cluster = cluster
        self._desks = desks
        self._naming = naming
        self._unmatched = unmatched
        self._clock = clock
        self._index = WorkloadIndex(())

    def take(self, alerts: Sequence[Alert], look_at: Callable[[WorkloadRef], None]) -> Steps:
        """Store the alerts, a step for each case and one for each hundred that are looked up.

        Returns how many concerned a workload. Raises PortError where some could not be stored, after the
        others were. Storing is repeatable: the delivery comes again as a whole, and what is known already is
        not written again.
        """
        by_workload, missed = yield from self._sort(alerts)
        failed: PortError | None = None
        for ref, its in by_workload.items():
            yield ref
            try:
                if self._desks.alert(ref, its):
                    look_at(ref)
                else:
                    missed += [(alert, f"{ref} has no rollout to record it on yet") for alert in its]
            except PortError as error:
                # One case that cannot be stored must not keep the others' alerts from theirs.
                failed = failed or error
        if failed is not None:
            raise failed
        now = self._clock.now()
        for alert, reason in missed:
            self._unmatched.note(alert, reason, now)
        return len({alert.identity for alert in alerts} - {alert.identity for alert, _ in missed})

    def _sort(self, alerts: Sequence[Alert]) -> Generator[None, None, Sorted]:
        index = self._index = WorkloadIndex(self._cluster.workloads(), self._index)
        by_workload: dict[WorkloadRef, list[Alert]] = {}
        missed: list[tuple[Alert, str]] = []
        episodes: Mapping[Episode, WorkloadRef] | None = None
        for number, alert in enumerate(alerts, start=1):
            if number % LOOKED_UP == 0:
                yield None
            answer = index.find(alert, self._naming)
            if isinstance(answer, Match):
                by_workload.setdefault(answer.ref, []).append(attributed(alert, answer))
                continue
            if episodes is None:
                episodes = self._desks.episodes()
            known = episodes.get(alert.identity)
            if known is None:
                missed.append((alert, answer.reason))
            else:
                # It was this workload's when it began; the pod that it names may be gone since.
                by_workload.setdefault(known, []).append(alert)
        return by_workload, missed
