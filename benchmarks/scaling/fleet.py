"""A fleet that stands still: the daemon's own caches, filled as the API server's watches would fill them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from daemon.adapters.kubernetes.case_cache import CaseCache
from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.adapters.kubernetes.store import Store
from daemon.adapters.simulation.clock import START
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.rollout_facts.configuration import ObjectVersion, Reference
from daemon.core.rollout_facts.configuration_content import ConfigMapState, digest_of
from daemon.core.signals.sample import Reading, Sample
from daemon.ports import Missing

IN_NAMESPACE = 100
REPLICAS = 3
CONFIG = {"settings": "a few"}
Object = dict[str, Any]


class StillCluster:
    """The ``Cluster`` port on the real store of what was watched."""

    def __init__(self, size: int) -> None:
        self.store = Store(lambda _ref, _labels: True)
        for number in range(size):
            self.add(number)

    def add(self, number: int, revision: int = 1) -> WorkloadRef:
        """A Deployment with its newest revision, complete; a later one takes the pods over."""
        ref = WorkloadRef(namespace=f"team-{number // IN_NAMESPACE}", name=f"app-{number}")
        self.store.saw_deployment(_change(ref.namespace, _deployment(ref, revision)))
        self.store.saw_replica_set(_change(ref.namespace, _replica_set(ref, revision)))
        for one in range(REPLICAS):
            if revision > 1:
                gone = _change(ref.namespace, _pod(ref, revision - 1, one))
                self.store.saw_pod(Change(kind="DELETED", meta=gone.meta, raw=b""))
            self.store.saw_pod(_change(ref.namespace, _pod(ref, revision, one)))
        return ref

    def workloads(self) -> Sequence[Workload]:
        return self.store.workloads()

    def workload(self, ref: WorkloadRef) -> Workload | None:
        return self.store.workload(ref)

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        kept = self.store.template(ref, revision)
        return kept.unpack() if kept else None

    def fresh(self) -> bool:
        return True

    def server_time(self) -> datetime | None:
        return None


class CachedCases:
    """The ``CaseStore`` port on the real cache, filled with what the API server's answers decode to."""

    def __init__(self) -> None:
        self._cache = CaseCache()
        self._version = 0

    def outlines(self, ref: WorkloadRef | None = None) -> Sequence[Outline]:
        return self._cache.outlines(ref)

    def cases(self) -> Sequence[Case]:
        return [one.whole() for one in self.outlines()]

    def of(self, ref: WorkloadRef) -> Sequence[Case]:
        return self._cache.of(ref)

    def unfinished(self) -> Sequence[Case]:
        return [one.whole() for one in self._cache.unfinished()]

    def unreadable(self) -> Mapping[str, str]:
        return {}

    def get(self, namespace: str, name: str) -> Case:
        found = [case for case in self.cases() if (case.namespace, case.name) == (namespace, name)]
        if not found:
            raise Missing(name)
        return found[0]

    def create(self, case: Case) -> Case:
        return self._kept(replace(case, uid=f"{case.namespace}/{case.name}"))

    def save(self, case: Case) -> Case:
        return self._kept(case)

    def instruct(self, case: Case) -> Case:
        return self._kept(case)

    def vouched(self, case: Case) -> bool:
        del case
        return False

    def delete(self, case: Case) -> None:
        self._cache.deleted_by_us(case.uid)
        self._cache.gone(case.uid)

    def _kept(self, case: Case) -> Case:
        self._version += 1
        answer = msgspec.json.encode(replace(case, resource_version=str(self._version)))
        stored = msgspec.json.decode(answer, type=Case)
        self._cache.put(stored)
        return stored


class SteadyMetrics:
    """The ``Metrics`` port: every pod of the fleet has counted the same."""

    def __init__(self, size: int, clock: Any) -> None:
        self._clock = clock
        self._pods = [
            (f"team-{number // IN_NAMESPACE}", f"app-{number}-hash{revision}-{one:05}")
            for number in range(size)
            for revision in (1, 2)
            for one in range(REPLICAS)
        ]
        self.queries = 0

    def read(self, signal: str) -> Reading:
        self.queries += 1
        now = self._clock.now().timestamp()
        return Reading(signal=signal, taken_at=now, samples=tuple(self._samples(now)))

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        del signal
        self.queries += 1
        times = (start.timestamp(), (start.timestamp() + end.timestamp()) / 2)
        return tuple(sample for at in times for sample in self._samples(at))

    def _samples(self, at: float) -> list[Sample]:
        total = (at - START.timestamp() + 3600) * 20
        return [
            Sample(namespace=namespace, pod=pod, at=at, total=total, bad=total / 500)
            for namespace, pod in self._pods
        ]


class OneConfiguration:
    """``Configuration`` and ``ConfigurationCopies``: each workload has one ConfigMap, which never changes."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        del namespace, reference
        self.asked["version"] += 1
        return ObjectVersion(version="1/1")

    def look(self, namespace: str, name: str) -> ConfigMapState:
        del namespace, name
        self.asked["look"] += 1
        return ConfigMapState(version="1/1", digest=digest_of(CONFIG, {}), size=10)

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        del ref, uid, name, digest
        self.asked["keep"] += 1
        return True

    def kept(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        del ref, uid, name, digest
        return True

    def compare(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> tuple[str, ...] | None:
        del ref, uid, name, digest
        return ()

    def drop(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> None:
        """No case is pruned here."""
        raise NotImplementedError(ref, uid, name, digest)


def _change(namespace: str, body: Object) -> Change:
    meta = body["metadata"]
    known = Meta(name=meta["name"], uid=meta["uid"], namespace=namespace, resource_version="1")
    return Change(kind="MODIFIED", meta=known, raw=json.dumps(body).encode())


def _metadata(ref: WorkloadRef, name: str, owner: tuple[str, str] | None = None, **more: Any) -> Object:
    made: Object = {
        "name": name,
        "namespace": ref.namespace,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        **more,
    }
    if owner is not None:
        kind, of = owner
        made["ownerReferences"] = [{"kind": kind, "name": of, "uid": f"uid-{of}", "controller": True}]
    return made


def _template(ref: WorkloadRef, revision: int) -> Object:
    container = {
        "name": "app",
        "image": f"registry.example/app:v{revision}",
        "envFrom": [{"configMapRef": {"name": f"{ref.name}-config"}}],
    }
    return {"metadata": {"labels": {"app": ref.name}}, "spec": {"containers": [container]}}


def _deployment(ref: WorkloadRef, revision: int) -> Object:
    counts = {"replicas": REPLICAS, "updatedReplicas": REPLICAS, "availableReplicas": REPLICAS}
    progressing = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    return {
        "metadata": _metadata(ref, ref.name, generation=revision),
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": ref.name}},
            "template": _template(ref, revision),
        },
        "status": {"observedGeneration": revision, **counts, "conditions": [progressing]},
    }


def _replica_set(ref: WorkloadRef, revision: int) -> Object:
    name = f"{ref.name}-hash{revision}"
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    labels = {"app": ref.name, "pod-template-hash": f"hash{revision}"}
    owner = ("Deployment", ref.name)
    return {
        "metadata": _metadata(ref, name, owner, annotations=annotations, labels=labels),
        "spec": {"replicas": REPLICAS, "template": _template(ref, revision)},
    }


def _pod(ref: WorkloadRef, revision: int, number: int) -> Object:
    owner = f"{ref.name}-hash{revision}"
    state = {"name": "app", "ready": True, "restartCount": 0, "state": {"running": {}}}
    return {
        "metadata": _metadata(ref, f"{owner}-{number:05}", ("ReplicaSet", owner)),
        "spec": {"nodeName": "node", "containers": _template(ref, revision)["spec"]["containers"]},
        "status": {
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [state],
        },
    }
