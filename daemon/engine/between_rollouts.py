"""Keeps an eye on the workloads that no rollout is under way of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daemon.core.case import rollback_target as target
from daemon.core.case.between_rollouts import Standing, trouble, update_standing
from daemon.core.case.case import Case, Phase
from daemon.core.case.events import Event, Troubled
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.database_version import VersionLook
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


class BetweenRollouts:
    """What is written down on a workload's newest case while no rollout is about."""

    def __init__(
        self,
        clock: Clock,
        versions: VersionLook,
        apply: Callable[[Case, Event, Policy], Case],
        act: Callable[[Case, Policy], Case],
    ) -> None:
        self._versions = versions
        self._apply = apply
        self._act = act
        self._standing = StandingWatch(clock)

    def remember_version(self, workload: Workload, cases: Sequence[Case], policy: Policy) -> bool:
        """At which version the database is, on the case of what runs; whether there was something to note."""
        newest = target.newest(workload, cases)
        read = self._versions.noted(newest, workload, policy) if newest is not None else None
        if newest is not None and read is not None:
            self._apply(newest, read, policy)
        return read is not None

    def look(
        self, ref: WorkloadRef, workload: Workload | None, cases: Sequence[Case], policy: Policy
    ) -> None:
        """What befalls the pods."""
        newest = target.newest(workload, cases) if workload is not None else None
        for case in cases:
            if case.status.trouble is not None and case is not newest:
                # Another rollout, or nothing, is what is to be said of the workload now.
                self._act(self._apply(case, Troubled(text=""), policy), policy)
        if workload is None or newest is None or newest.phase not in STANDING:
            self._standing.forget(ref)
            return
        event = self._standing.look(workload, newest)
        if event is not None:
            self._act(self._apply(newest, event, policy), policy)
