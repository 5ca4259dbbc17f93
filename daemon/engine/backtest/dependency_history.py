"""What the dependencies' gauges said in the past, by the rule that a live watch has for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

from daemon.core.judge.record_entries import DependencyChanged
from daemon.core.model import Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.engine.backtest.pod_lifetimes import revision_of
from daemon.engine.dependencies import DependencyHistory, dependency_state, update_history
from daemon.ports import Gauge

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class DependencyRecord:
    """The stories of one rollout's dependencies, look by look.

    Where nobody but the judged pods says that a dependency is down, a live watch holds as well, though it
    calls the cause undecided; a record has one word for both.
    """

    def __init__(self, ref: WorkloadRef, judged: str) -> None:
        self._ref = ref
        self._judged = judged
        self._stories: dict[str, DependencyHistory] = {}

    def hear(self, dependency: str, gauges: Iterable[Gauge]) -> Iterator[DependencyChanged]:
        """What changes by it. Gauges bear the look's time; looks come in the order of time."""
        judged = _revision(self._ref, self._judged)
        for at, group in groupby(sorted(gauges, key=_at), key=_at):
            said = list(group)
            found = dependency_state(said, _workload(self._ref, self._judged, said), judged, not_before=at)
            if found is None:
                continue
            before = self._stories.get(dependency)
            after = (
                update_history(before, found)
                if before is not None
                else DependencyHistory(standing=found, since=found.at, reached=found.reached)
            )
            self._stories[dependency] = after
            if before is None or before.standing.healthy is not after.standing.healthy:
                yield DependencyChanged(at=at, name=dependency, healthy=after.standing.healthy)


def _at(gauge: Gauge) -> float:
    return gauge.at


def _workload(ref: WorkloadRef, judged: str, gauges: Iterable[Gauge]) -> Workload:
    """The Deployment as far as its pods' names tell of it; a pod that reports is there."""
    pods = {
        gauge.pod: revision_of(ref.name, gauge.pod) for gauge in gauges if gauge.namespace == ref.namespace
    }
    mine = {pod: revision for pod, revision in pods.items() if revision is not None}
    return Workload(
        ref=ref,
        uid="",
        resource_version="",
        created_at=LONG_AGO,
        labels={},
        current=_revision(ref, judged),
        revisions=tuple(_revision(ref, revision) for revision in {judged, *mine.values()}),
        pods=tuple(
            Pod(
                name=pod,
                uid=pod,
                replica_set=f"{ref.name}-{revision}",
                replica_set_uid=f"{ref.name}-{revision}",
                created_at=LONG_AGO,
            )
            for pod, revision in mine.items()
        ),
        status=RolloutStatus(
            generation=0, observed_generation=0, desired=0, replicas=0, updated=0, available=0
        ),
    )


def _revision(ref: WorkloadRef, revision: str) -> Revision:
    name = f"{ref.name}-{revision}"
    return Revision(
        hash=revision, replica_set=name, replica_set_uid=name, number=0, images=(), created_at=LONG_AGO
    )
