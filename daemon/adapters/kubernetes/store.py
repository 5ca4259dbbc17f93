"""What is known of the guarded Deployments, built up from three watches that are not in step.

A ReplicaSet may be seen before its Deployment and a pod before its ReplicaSet, so what belongs to an owner
not seen yet is kept until the owner tells whether it is guarded; what belongs to an unguarded one is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import msgspec

from daemon.adapters.kubernetes import objects, partial
from daemon.adapters.kubernetes.changes import Change
from daemon.adapters.kubernetes.objects import KeptDeployment, KeptReplicaSet
from daemon.core.model import LONGEST_PREFIX, Pod, Revision, Workload, WorkloadRef

KEPT_DEPARTED = 300
"""Pods of a Deployment that are gone and remembered by name."""
Guard = Callable[[WorkloadRef, Mapping[str, str]], bool]


class Store:
    """Thread-safe. Each ``saw_…`` takes a change and answers which guarded Deployments it concerns.

    They raise ``msgspec.DecodeError`` for an object that makes no sense, and then know nothing new.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._lock = threading.RLock()
        self._deployments: dict[str, KeptDeployment] = {}
        self._by_ref: dict[WorkloadRef, str] = {}
        self._unguarded: set[str] = set()
        self._replica_sets: dict[str, dict[str, KeptReplicaSet]] = {}
        self._owner_of: dict[str, str] = {}
        """Each ReplicaSet's Deployment, of unguarded ones as well; empty for one that has none."""
        self._bare: set[str] = set()
        """ReplicaSets that nobody ever owned, whose pods are not kept."""
        self._pods: dict[str, dict[str, Pod]] = {}
        self._set_of: dict[str, str] = {}
        """Each kept pod's ReplicaSet."""
        self._departed: dict[str, dict[str, str]] = {}
        """Deployment → pods that are gone and whose names do not tell → their ReplicaSet; the latest ones."""
        self._built: dict[str, Workload] = {}

    def workloads(self) -> tuple[Workload, ...]:
        with self._lock:
            return tuple(self._build(uid) for uid in self._deployments)

    def workload(self, ref: WorkloadRef) -> Workload | None:
        with self._lock:
            uid = self._by_ref.get(ref)
            return None if uid is None else self._build(uid)

    def template(self, ref: WorkloadRef, revision: Revision) -> objects.Template | None:
        with self._lock:
            kept = self._replica_sets.get(self._by_ref.get(ref, ""), {}).get(revision.replica_set_uid)
            return kept.template if kept else None

    def saw_deployment(self, change: Change) -> tuple[tuple[WorkloadRef, ...], bool]:
        """The Deployments concerned, and whether one became guarded whose objects were dropped before."""
        uid = change.meta.uid
        ref = WorkloadRef(namespace=change.meta.namespace, name=change.meta.name)
        if change.kind == "DELETED":
            with self._lock:
                self._unguarded.discard(uid)
                return ((ref,) if self._forget(uid) else ()), False
        kept = objects.keep_deployment(change.raw)
        guarded = self._guard(ref, kept.labels)
        with self._lock:
            if not guarded:
                was = self._forget(uid)
                self._unguarded.add(uid)
                return ((ref,) if was else ()), False
            dropped = uid in self._unguarded
            self._unguarded.discard(uid)
            self._deployments[uid] = kept
            self._by_ref[ref] = uid
            self._built.pop(uid, None)
            return (ref,), dropped

    def saw_replica_set(self, change: Change) -> tuple[tuple[WorkloadRef, ...], bool]:
        """The Deployments concerned, and whether one adopted a ReplicaSet whose pods were dropped before."""
        uid = change.meta.uid
        if change.kind == "DELETED":
            with self._lock:
                owner = self._owner_of.pop(uid, "")
                self._bare.discard(uid)
                self._drop_replica_set(owner, uid)
                return self._concerned(owner), False
        seen = msgspec.json.decode(change.raw, type=partial.ReplicaSet)
        controller = seen.metadata.controller("Deployment")
        owner = controller.uid if controller else ""
        with self._lock:
            bare = not owner and self._owner_of.get(uid, "") == ""
            dropped = uid in self._bare or self._owner_of.get(uid, "") in self._unguarded
            concerned = self._changes_hands(uid, owner)
            if bare or owner in self._unguarded:
                self._drop_pods(uid)
            if not owner or owner in self._unguarded:
                if bare:
                    self._bare.add(uid)
                return concerned, False
        kept = objects.keep_replica_set(seen)
        with self._lock:
            self._bare.discard(uid)
            self._replica_sets.setdefault(owner, {})[uid] = kept
            return (*concerned, *self._concerned(owner)), dropped

    def _changes_hands(self, replica_set: str, owner: str) -> tuple[WorkloadRef, ...]:
        """Take it from the Deployment that it was of, where that is another one now, or none.

        The pods of an orphan stay with it: whoever adopts it adopts them, and nobody tells them again.
        """
        before, self._owner_of[replica_set] = self._owner_of.get(replica_set, owner), owner
        if before == owner or self._replica_sets.get(before, {}).pop(replica_set, None) is None:
            return ()
        return self._concerned(before)

    def saw_pod(self, change: Change) -> tuple[WorkloadRef, ...]:
        uid = change.meta.uid
        seen = None if change.kind == "DELETED" else msgspec.json.decode(change.raw, type=partial.PodObject)
        controller = seen.metadata.controller("ReplicaSet") if seen is not None else None
        with self._lock:
            before = self._set_of.get(uid, "")
            concerned: tuple[WorkloadRef, ...] = ()
            if before and (controller is None or controller.uid != before):
                concerned = self._lost_pod(uid, before)
            if seen is None or controller is None:
                return concerned
            owner = self._owner_of.get(controller.uid, "")
            if controller.uid in self._bare or owner in self._unguarded:
                return concerned
            self._pods.setdefault(controller.uid, {})[uid] = objects.pod(seen, controller)
            self._set_of[uid] = controller.uid
            return (*concerned, *self._concerned(owner))

    def _lost_pod(self, uid: str, replica_set: str) -> tuple[WorkloadRef, ...]:
        """A pod is gone, or nobody's any more."""
        owner = self._owner_of.get(replica_set, "")
        siblings = self._pods.get(replica_set, {})
        del self._set_of[uid]
        self._remember(owner, siblings.pop(uid, None))
        if not siblings:
            self._pods.pop(replica_set, None)
        return self._concerned(owner)

    def _build(self, uid: str) -> Workload:
        built = self._built.get(uid)
        if built is None:
            sets = self._replica_sets.get(uid, {})
            pods = [pod for replica_set in sets for pod in self._pods.get(replica_set, {}).values()]
            departed = dict(self._departed.get(uid, {}))
            built = self._built[uid] = objects.workload(self._deployments[uid], sets.values(), pods, departed)
        return built

    def _remember(self, owner: str, gone: Pod | None) -> None:
        """A pod that is gone is still in the metrics: keep whose it was, where its name does not tell."""
        if gone is None or not owner or len(gone.replica_set) < LONGEST_PREFIX:
            return
        departed = self._departed.setdefault(owner, {})
        departed[gone.name] = gone.replica_set_uid
        if len(departed) > KEPT_DEPARTED:
            del departed[next(iter(departed))]

    def _concerned(self, owner: str) -> tuple[WorkloadRef, ...]:
        self._built.pop(owner, None)
        deployment = self._deployments.get(owner)
        return (deployment.ref,) if deployment else ()

    def _forget(self, uid: str) -> bool:
        """Drop a Deployment and what belongs to it; whether it was guarded."""
        for replica_set in tuple(self._replica_sets.get(uid, {})):
            self._drop_replica_set(uid, replica_set)
        self._replica_sets.pop(uid, None)
        self._departed.pop(uid, None)
        self._built.pop(uid, None)
        deployment = self._deployments.pop(uid, None)
        if deployment is not None and self._by_ref.get(deployment.ref) == uid:
            del self._by_ref[deployment.ref]
        return deployment is not None

    def _drop_replica_set(self, owner: str, uid: str) -> None:
        siblings = self._replica_sets.get(owner, {})
        siblings.pop(uid, None)
        if not siblings:
            self._replica_sets.pop(owner, None)
        self._drop_pods(uid, owner)

    def _drop_pods(self, replica_set: str, owner: str = "") -> None:
        for uid, pod in self._pods.pop(replica_set, {}).items():
            self._remember(owner, pod)
            self._set_of.pop(uid, None)
