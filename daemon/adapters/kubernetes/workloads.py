"""The guarded Deployments, kept current by watches: :class:`daemon.ports.Cluster` on a real API server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from daemon import ports
from daemon.adapters.kubernetes.changes import DEFAULT_PACE, Change, Pace
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import UNDECODABLE
from daemon.adapters.kubernetes.neighbours import NeighbourStore
from daemon.adapters.kubernetes.resources import DEPLOYMENTS, PODS, REPLICA_SETS, Resource
from daemon.adapters.kubernetes.store import Guard, Store
from daemon.adapters.kubernetes.watcher import Watcher, stop_all
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.settings import NeighbourSettings

T = TypeVar("T")


@dataclass(frozen=True)
class _Watches:
    """One namespace's watches, in the order in which they list."""

    deployments: Watcher
    replica_sets: Watcher
    pods: Watcher

    @property
    def all(self) -> tuple[Watcher, Watcher, Watcher]:
        return (self.deployments, self.replica_sets, self.pods)

    @property
    def synced(self) -> bool:
        return all(watcher.synced.is_set() for watcher in self.all)

    @property
    def refusal(self) -> str:
        return next((f"forbidden: {w.problem}" for w in self.all if w.refused), "")

    @property
    def problem(self) -> str:
        return self.refusal or next((w.problem for w in self.all if w.problem), "")


class KubeCluster:
    """Implements :class:`daemon.ports.Cluster` and :class:`daemon.ports.Neighbours`.

    A namespace that may not be read does not keep the others from being guarded: its Deployments are left
    out of :meth:`workloads`, :meth:`workload` raises Unavailable for them, :meth:`problems` says why.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        guard: Guard,
        namespaces: Sequence[str],
        clock: ports.Clock,
        notify: ports.Notify,
        on_problem: Callable[[str], None],
        neighbours: Sequence[NeighbourSettings] = (),
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._client = client
        self._clock = clock
        self._notify = notify
        self._on_problem = on_problem
        self._pace = pace
        self._store = Store(guard)
        self._neighbours = NeighbourStore(neighbours, clock)
        self._watches = {namespace: self._watch(namespace) for namespace in dict.fromkeys(namespaces)}

    def start(self) -> None:
        for watcher in self._all():
            watcher.start()

    def stop(self, timeout: float) -> list[str]:
        """The names of the threads that did not end within ``timeout`` seconds."""
        return stop_all(self._all(), timeout)

    def workloads(self) -> Sequence[Workload]:
        readable = {ns for ns, watches in self._watches.items() if self._readable(ns, watches)}
        if not readable:
            refusals = "; ".join(watches.refusal for watches in self._watches.values())
            raise ports.Unavailable(f"no guarded namespace may be read: {refusals}")
        return tuple(workload for workload in self._store.workloads() if workload.ref.namespace in readable)

    def workload(self, ref: WorkloadRef) -> Workload | None:
        watches = self._watches.get(ref.namespace)
        if watches is None:
            return None
        if not self._readable(ref.namespace, watches):
            raise ports.Unavailable(f"namespace {ref.namespace} is {watches.refusal}")
        return self._store.workload(ref)

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        kept = self._store.template(ref, revision)
        return kept.unpack() if kept else None

    def neighbours(self, namespace: str) -> Sequence[ports.Neighbour]:
        watches = self._watches.get(namespace)
        if watches is None or not watches.pods.alive(self._clock.monotonic()):
            why = f" ({watches.pods.problem})" if watches is not None and watches.pods.problem else ""
            raise ports.Unavailable(f"the pods of namespace {namespace} are not followed now{why}")
        return self._neighbours.neighbours(namespace)

    def fresh(self) -> bool:
        """Namespaces that may not be read do not count: nothing in them is guarded."""
        now = self._clock.monotonic()
        return all(
            w.alive(now) for watches in self._watches.values() if not watches.refusal for w in watches.all
        )

    def server_time(self) -> datetime | None:
        return self._client.server_time()

    def problems(self) -> Mapping[str, str]:
        """Namespace → what keeps it from being followed."""
        return {ns: watches.problem for ns, watches in self._watches.items() if watches.problem}

    def _readable(self, namespace: str, watches: _Watches) -> bool:
        """Raises Unavailable while the first list is under way."""
        if watches.refusal:
            return False
        if not watches.synced:
            reason = f" ({watches.problem})" if watches.problem else ""
            raise ports.Unavailable(
                f"the Deployments of namespace {namespace} are still being listed{reason}"
            )
        return True

    def _all(self) -> list[Watcher]:
        return [watcher for watches in self._watches.values() for watcher in watches.all]

    def _watch(self, namespace: str) -> _Watches:
        deployments = self._watcher(DEPLOYMENTS, namespace, self._deployment_changed, after=None)
        replica_sets = self._watcher(
            REPLICA_SETS, namespace, self._replica_set_changed, after=deployments.synced
        )
        pods = self._watcher(PODS, namespace, self._pod_changed, after=replica_sets.synced)
        return _Watches(deployments=deployments, replica_sets=replica_sets, pods=pods)

    def _watcher(
        self,
        resource: Resource,
        namespace: str,
        handler: Callable[[Change], None],
        *,
        after: threading.Event | None,
    ) -> Watcher:
        return Watcher(
            self._client,
            resource,
            namespace,
            handler=handler,
            clock=self._clock,
            on_problem=self._on_problem,
            pace=self._pace,
            after=after,
        )

    def _deployment_changed(self, change: Change) -> None:
        refs, dropped = self._seen(self._store.saw_deployment, change) or ((), False)
        if dropped:
            watches = self._watches[change.meta.namespace]
            watches.replica_sets.tell_everything()
            watches.pods.tell_everything()
        self._tell(refs)

    def _replica_set_changed(self, change: Change) -> None:
        refs, adopted = self._seen(self._store.saw_replica_set, change) or ((), False)
        if adopted:
            self._watches[change.meta.namespace].pods.tell_everything()
        self._tell(refs)

    def _pod_changed(self, change: Change) -> None:
        self._tell(self._seen(self._store.saw_pod, change) or ())
        self._seen(self._neighbours.saw_pod, change)

    def _seen(self, saw: Callable[[Change], T], change: Change) -> T | None:
        try:
            return saw(change)
        except UNDECODABLE as error:
            self._on_problem(
                f"skipped {change.meta.namespace}/{change.meta.name}, which makes no sense: {error}"
            )
            return None

    def _tell(self, refs: tuple[WorkloadRef, ...]) -> None:
        for ref in refs:
            self._notify(ref)
