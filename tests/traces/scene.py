"""One namespace of the cluster in which something happens: what is done there, each step written down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.waiting import ClusterError
from tests.traces.api import JSON_PATCH, MERGE_PATCH, Api
from tests.traces.simulated import Nodes
from tests.traces.templates import Release, deployment
from tests.traces.watching import Recorder

PATIENCE = 90.0

Pod = dict[str, Any]


class Scene:
    """Steps that change the cluster are noted in the trace before they are taken."""

    def __init__(self, cluster: Cluster, name: str, namespace: str) -> None:
        self.cluster = cluster
        self.name = name
        self.namespace = namespace
        self.api = Api(cluster)
        self.nodes = Nodes(cluster, self.api, group=namespace)
        self.recorder = Recorder(
            self.api, namespace, nodes={"fieldSelector": f"metadata.name={cluster.node}"}
        )
        self._ends: list[Callable[[], object]] = []

    # ------------------------------------------------------------ the recording

    def record(self, *, simulated: bool = False) -> None:
        """Begin to write down; what was done before is the past that a list tells."""
        if simulated:
            self.recorder.nodes = {"labelSelector": f"group={self.namespace}"}
        self.recorder.start()

    def note(self, did: str) -> None:
        self.recorder.note(did)

    def at_the_end(self, undo: Callable[[], object]) -> None:
        """Have ``undo`` called when the happening is over, however it ended."""
        self._ends.append(undo)

    def close(self) -> None:
        for undo in reversed(self._ends):
            undo()

    # ------------------------------------------------------------ doing

    def deploy(self, release: Release | None = None, *, replicas: int = 2, **spec: Any) -> None:
        """Create the Deployment and wait until it is complete."""
        self.create(release or Release(), replicas=replicas, **spec)
        self.complete()

    def create(self, release: Release, *, replicas: int = 2, **spec: Any) -> None:
        body = deployment(self.name, release, replicas=replicas, **spec)
        self.api.ask("POST", self._path("deployments", name=""), body)

    def release(self, release: Release, did: str, **spec: Any) -> None:
        """Replace the template, and set further fields of the Deployment's spec with it."""
        self.note(f"release: {did}")
        operations = [{"op": "replace", "path": "/spec/template", "value": release.template(self.name)}]
        operations += [{"op": "add", "path": f"/spec/{key}", "value": value} for key, value in spec.items()]
        self.api.ask("PATCH", self._path("deployments"), operations, content=JSON_PATCH)

    def scale(self, replicas: int, *, replica_set: str = "") -> None:
        """Through the scale subresource, as an autoscaler does."""
        self.note(f"scale {f'ReplicaSet {replica_set}' if replica_set else 'Deployment'} to {replicas}")
        kind = "replicasets" if replica_set else "deployments"
        path = f"{self._path(kind, name=replica_set or self.name)}/scale"
        self.api.ask("PATCH", path, {"spec": {"replicas": replicas}}, content=MERGE_PATCH)

    def set_spec(self, did: str, **spec: Any) -> None:
        self.note(did)
        self.api.ask("PATCH", self._path("deployments"), {"spec": spec}, content=MERGE_PATCH)

    def undo(self) -> None:
        self.rollout("undo")

    def rollout(self, verb: str) -> None:
        """``kubectl rollout pause``, ``resume``, ``restart`` or ``undo``."""
        self.note(f"kubectl rollout {verb}")
        self.kubectl("rollout", verb, f"deployment/{self.name}")

    def apply(self, did: str, manifest: dict[str, Any]) -> None:
        self.note(did)
        self.kubectl("apply", "-f", "-", given=json.dumps(manifest))

    def delete(self, did: str, *what: str) -> None:
        self.note(did)
        self.kubectl("delete", "--wait=false", *what)

    def evict(self, pod: str) -> None:
        self.note(f"evict pod {pod}")
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
        self.api.ask("POST", f"{self._path('pods', name=pod)}/eviction", body)

    def run(self, pod: str, script: str, did: str, *, container: str = "app") -> None:
        """Run a line of shell in a container."""
        self.note(f"{did} (pod {pod})")
        self.kubectl("exec", pod, "-c", container, "--", "/bin/sh", "-c", script, check=False)

    def kubectl(self, *arguments: str, given: str | None = None, check: bool = True) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments, input=given, check=check)

    # ------------------------------------------------------------ looking

    def deployment(self) -> dict[str, Any]:
        return self.api.get(self._path("deployments"))

    def listed(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(self._path(kind, name=""))["items"]
        return found

    def pods(self, tag: str = "") -> list[Pod]:
        """Pods that are not being deleted, of all tags or of one, oldest first."""
        alive = [pod for pod in self.listed("pods") if "deletionTimestamp" not in pod["metadata"]]
        chosen = [pod for pod in alive if tag in pod["spec"]["containers"][0]["image"]]
        return sorted(chosen, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))

    def names(self, tag: str = "") -> list[str]:
        return [pod["metadata"]["name"] for pod in self.pods(tag)]

    def ready(self) -> int:
        return sum(is_ready(pod) for pod in self.pods())

    def is_complete(self) -> bool:
        """The rule of ``kubectl rollout status``, and no pod that still goes."""
        found = self.deployment()
        spec, status = found["spec"], found.get("status", {})
        wanted, updated = spec["replicas"], status.get("updatedReplicas", 0)
        return bool(
            status.get("observedGeneration", 0) >= found["metadata"]["generation"]
            and updated >= wanted
            and status.get("replicas", 0) <= updated
            and status.get("availableReplicas", 0) >= updated
        )

    # ------------------------------------------------------------ waiting

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def complete(self, within: float = PATIENCE) -> None:
        self.until("complete", self.is_complete, within)
        self.until("without pods that go", lambda: len(self.listed("pods")) == len(self.pods()), within)

    def until(self, what: str, look: Callable[[], Any], within: float = PATIENCE) -> None:
        edge = time.monotonic() + within
        while not look():
            if time.monotonic() > edge:
                raise ClusterError(f"{self.namespace}: not {what} within {within:g} s")
            time.sleep(0.3)

    def waiting(self, *reasons: str, tag: str = "") -> None:
        """Until a container of a pod waits, or last ended, for one of the reasons."""
        self.until(
            f"a pod with {' or '.join(reasons)}", lambda: any(set(reasons) & _told(p) for p in self.pods(tag))
        )

    def exceeded(self) -> None:
        """Until the controller says that the progress deadline is exceeded."""

        def look() -> bool:
            conditions = self.deployment()["status"].get("conditions", [])
            return any(c.get("reason") == "ProgressDeadlineExceeded" for c in conditions)

        self.until("over its progress deadline", look)

    def restarted(self, count: int, *, tag: str = "") -> None:
        """Until containers of pods that are alive have restarted so often in all."""
        self.until(f"{count} restarts", lambda: sum(restarts(pod) for pod in self.pods(tag)) >= count)

    def _path(self, kind: str, *, name: str | None = None) -> str:
        group = "apis/apps/v1" if kind in ("deployments", "replicasets") else "api/v1"
        chosen = self.name if name is None else name
        return f"/{group}/namespaces/{self.namespace}/{kind}{f'/{chosen}' if chosen else ''}"


def is_ready(pod: Pod) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def restarts(pod: Pod) -> int:
    return sum(status["restartCount"] for status in _statuses(pod))


def _statuses(pod: Pod) -> list[dict[str, Any]]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def _told(pod: Pod) -> set[str]:
    states = [state for status in _statuses(pod) for state in (status["state"], status.get("lastState", {}))]
    return {str(inner.get("reason", "")) for state in states for inner in state.values()}
