"""Keeps an eye on the workloads that no rollout is under way of."""

from __future__ import annotations

from daemon.core.case.between_rollouts import Standing, trouble, update_standing
from daemon.core.case.case import Case, Phase
from daemon.core.case.events import Troubled
from daemon.core.model import Workload, WorkloadRef
from daemon.ports import Clock

STANDING = frozenset({Phase.HEALTHY, Phase.ROLLED_BACK, Phase.SUPERSEDED})
"""Phases in which a workload counts as well; in the other last ones a person has been called already."""


class StandingWatch:
    """Thread-safe as long as a workload is never looked at by two at once. What it remembers is not precious:
    after a restart it begins anew, and what its case says of a trouble stands until it was looked at for long
    enough."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[WorkloadRef, Standing] = {}

    def look(self, workload: Workload, newest: Case) -> Troubled | None:
        """What became of the workload, where its newest case does not say so yet."""
        now = self._clock.now()
        before = self._seen.get(workload.ref)
        standing = self._seen[workload.ref] = update_standing(before or Standing(), workload, now)
        text = trouble(standing, workload, now)
        if bool(text) is (newest.status.trouble is not None):
            return None
        if not text and any(pod.unwell_since is not None for pod in standing.pods.values()):
            # Not for long enough to be reported as new, and not well for long enough as over.
            return None
        return Troubled(text=text)

    def forget(self, ref: WorkloadRef) -> None:
        """A case is about the workload now, or it is gone."""
        self._seen.pop(ref, None)
