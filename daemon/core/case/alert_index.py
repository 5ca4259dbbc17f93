"""Finds an alert's workload without asking each guarded one: a flood of alerts meets a large fleet.

Labels name workloads by few things: their names, and those of their ReplicaSets and pods. A workload of which
no label has any of these answers like every other such workload. So of these one is asked, for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from daemon.core.case.alerts import Match, Mismatch, Naming, find, subject_of
from daemon.core.model import Alert, Workload
from daemon.core.rollout_facts.pod_owner import beginning
from daemon.core.value import Value

Found = Mapping[str, tuple[int, ...]]
"""A name → the places of the workloads that it may name."""


class _Place(Value, frozen=True):
    """One namespace's workloads."""

    workloads: tuple[Workload, ...]
    names: Found
    """Of workloads and ReplicaSets."""
    pods: Found
    beginnings: Found

    def candidates(self, labels: Mapping[str, str]) -> list[Workload]:
        """Those that a label may name, in their order, and one that none does, if there is one."""
        may: set[int] = set()
        for value in labels.values():
            may.update(self.names.get(value, ()))
            may.update(self.pods.get(value, ()))
            may.update(self.beginnings.get(beginning(value), ()))
        other = next((at for at in range(len(self.workloads)) if at not in may), None)
        return [self.workloads[at] for at in sorted(may if other is None else may | {other})]


class WorkloadIndex:
    """The guarded workloads at one time. What did not change since ``before`` is taken over from it.

    Thread-safe: what is built as it is needed is the same whoever builds it.
    """

    def __init__(self, workloads: Iterable[Workload], before: WorkloadIndex | None = None) -> None:
        groups: dict[str, list[Workload]] = {}
        for workload in workloads:
            groups.setdefault(workload.ref.namespace, []).append(workload)
        self._groups = groups
        known: Mapping[str, _Place] = before._places if before is not None else {}
        self._places: dict[str, _Place] = {
            namespace: place
            for namespace, place in tuple(known.items())
            if _same(place.workloads, groups.get(namespace, ()))
        }

    def find(self, alert: Alert, naming: Naming) -> Match | Mismatch:
        """As :func:`daemon.core.case.alerts.find` does among all of them."""
        labels = subject_of(alert.labels, naming)
        namespace = labels.first(naming.namespace_labels)
        wanted = self._groups if namespace is None else self._groups.keys() & {namespace[1]}
        found = [workload for name in wanted for workload in self._place(name).candidates(labels.labels)]
        return find(alert, found, naming)

    def _place(self, namespace: str) -> _Place:
        place = self._places.get(namespace)
        if place is None:
            place = self._places[namespace] = indexed(self._groups[namespace])
        return place


def _same(one: Sequence[Workload], other: Sequence[Workload]) -> bool:
    """Whether they are the same objects: a workload that changed is another."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def indexed(workloads: Sequence[Workload]) -> _Place:
    """Those of one namespace."""
    names: dict[str, set[int]] = {}
    pods: dict[str, set[int]] = {}
    beginnings: dict[str, set[int]] = {}
    for at, workload in enumerate(workloads):
        for name in (workload.ref.name, *(revision.replica_set for revision in workload.revisions)):
            names.setdefault(name, set()).add(at)
        for pod in (*workload.departed, *(pod.name for pod in (*workload.finished, *workload.pods))):
            pods.setdefault(pod, set()).add(at)
        for revision in workload.revisions:
            if revision.pod_prefix:
                beginnings.setdefault(revision.pod_prefix, set()).add(at)
    return _Place(
        workloads=tuple(workloads), names=_frozen(names), pods=_frozen(pods), beginnings=_frozen(beginnings)
    )


def _frozen(found: Mapping[str, set[int]]) -> Found:
    return {name: tuple(places) for name, places in found.items()}
