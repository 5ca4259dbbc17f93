"""What nodes do to pods: drains, evictions, losses, reclaims, preemption, a kubelet's restart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.traces.api import STRATEGIC_PATCH
from tests.traces.registry import Lane, add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, serve, simulated


def _release(scene: Scene, tag: str = "v1", **spec: Any) -> Release:
    return Release(tag=tag, spec=simulated(scene.namespace, **spec))


def _stage(scene: Scene, *nodes: str, replicas: int = 4, **spec: Any) -> None:
    """A healthy Deployment on simulated nodes, after a healthy release."""
    scene.nodes.add(*nodes)
    scene.deploy(_release(scene), replicas=replicas, **spec)
    scene.release(_release(scene, "v2"), "v2")
    scene.complete()
    scene.record(simulated=True)


def _drain(scene: Scene, name: str, *more: str) -> None:
    scene.note(f"kubectl drain {scene.nodes.name(name)}")
    flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", *more)
    scene.kubectl("drain", scene.nodes.name(name), *flags, check=False)


@happening("drain", "a node is drained some time after a healthy rollout", ready=4, simulated=True)
def drain(scene: Scene) -> None:
    _stage(scene, "a", "b")
    _drain(scene, "a")
    scene.pause(1)
    scene.complete()


@happening("drain-during-rollout", "a node is drained while a rollout goes on", ready=4, simulated=True)
def drain_during(scene: Scene) -> None:
    scene.nodes.add("a", "b")
    scene.deploy(_release(scene), replicas=4, minReadySeconds=3)
    scene.record(simulated=True)
    scene.release(_release(scene, "v2"), "v2")
    scene.pause(5)
    _drain(scene, "a")
    scene.pause(1)
    scene.complete()


@happening(
    "drain-against-pdb",
    "a PodDisruptionBudget keeps a drain back for 8 s, then it is taken away",
    ready=4,
    simulated=True,
)
def drain_pdb(scene: Scene) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}},
    }
    scene.kubectl("apply", "-f", "-", given=json.dumps(budget))
    _stage(scene, "a", "b")
    scene.pause(1)
    _drain(scene, "a", "--timeout=8s")
    scene.delete("the budget is taken away", "pdb/web")
    scene.pause(1)
    _drain(scene, "a")
    scene.pause(1)
    scene.complete()


@happening("spot-reclaim-with-notice", "a node is drained and then deleted", ready=4, simulated=True)
def reclaim_noticed(scene: Scene) -> None:
    _stage(scene, "a", "b")
    _drain(scene, "a")
    scene.note("delete node a")
    scene.nodes.delete("a")
    scene.pause(1)
    scene.complete()


@happening(
    "spot-reclaim",
    "a node is deleted with its pods on it: the garbage collector finds them later",
    ready=4,
    simulated=True,
)
def reclaim(scene: Scene) -> None:
    _stage(scene, "a", "b")
    scene.note("delete node a")
    scene.nodes.delete("a")
    scene.until("pods lost", lambda: len(_on(scene, "a")) == 0, within=120)
    scene.pause(2)
    scene.complete()


def _lost(scene: Scene, *, back: bool) -> None:
    scene.nodes.add("a", "b")
    away = [
        {
            "key": f"node.kubernetes.io/{what}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 10,
        }
        for what in ("unreachable", "not-ready")
    ]
    spec = simulated(scene.namespace)
    if not back:
        spec["tolerations"] = [*spec["tolerations"], *away]
    scene.deploy(Release(spec=spec), replicas=4)
    scene.release(Release(tag="v2", spec=spec), "v2")
    scene.complete()
    scene.record(simulated=True)
    scene.note("node a stops its heartbeat")
    scene.nodes.lose("a")
    scene.until("pods not ready", lambda: scene.ready() < 4, within=120)
    if back:
        scene.pause(5)
        scene.note("node a is back")
        scene.nodes.find("a")
        for pod in _on(scene, "a"):
            _report_ready(scene, pod["metadata"]["name"])
        scene.until("all ready", lambda: scene.ready() == 4)
        scene.complete()
    else:
        scene.until("replaced", lambda: len(_on(scene, "b")) == 4, within=60)
        scene.until("complete", scene.is_complete)


add(
    "node-lost-and-back",
    "a node stops its heartbeat, its pods are no longer ready, and it comes back before they are evicted",
    partial(_lost, back=True),
    ready=4,
    simulated=True,
)
add(
    "node-lost",
    "a node stops its heartbeat for good: its pods are evicted, stay as Terminating, and are replaced",
    partial(_lost, back=False),
    ready=4,
    simulated=True,
)


def _report_ready(scene: Scene, pod: str) -> None:
    """What a kubelet writes when it is back; the simulated one does not look at running pods again."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}]}
    path = f"/api/v1/namespaces/{scene.namespace}/pods/{pod}/status"
    scene.api.ask("PATCH", path, {"status": status}, content=STRATEGIC_PATCH)


def _on(scene: Scene, node: str) -> list[Any]:
    return [pod for pod in scene.pods() if pod["spec"].get("nodeName") == scene.nodes.name(node)]


@happening(
    "preemption",
    "a pod of higher priority takes the place of one of two; when it has gone, the lost one is scheduled",
    simulated=True,
)
def preemption(scene: Scene) -> None:
    scene.kubectl("apply", "-f", "-", given=json.dumps(_PRIORITY))
    scene.nodes.add("a", capacity={"cpu": "2", "memory": "8Gi", "pods": "20"})
    resources = {"requests": {"cpu": "1"}}
    scene.deploy(
        Release(spec=simulated(scene.namespace), app={"resources": resources}),
        strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    )
    scene.record(simulated=True)
    spec = Release(spec=simulated(scene.namespace), app={"resources": resources}).template("urgent")["spec"]
    urgent = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "urgent"},
        "spec": {**spec, "priorityClassName": _PRIORITY["metadata"]["name"]},
    }
    scene.apply("a pod of higher priority", urgent)
    scene.until("preempted", lambda: scene.ready() == 2 and any(_pending(pod) for pod in scene.pods()))
    scene.pause(3)
    scene.delete("it goes again", "pod/urgent")
    scene.until("back", lambda: scene.is_complete() and scene.ready() == 2)


_PRIORITY: dict[str, Any] = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "traces-urgent"},
    "value": 1000,
}


def _pending(pod: dict[str, Any]) -> bool:
    return bool(pod["status"].get("phase") == "Pending")


# ------------------------------------------------------------ on the real node


@happening("evicted-after-rollout", "one pod is evicted by the API some time after a healthy rollout")
def evicted(scene: Scene) -> None:
    scene.deploy()
    scene.release(Release(tag="v2", script=serve(3)), "v2")
    scene.complete()
    scene.record()
    scene.evict(scene.names()[0])
    scene.pause(1)
    scene.complete()


@happening(
    "evicted-during-rollout",
    "a new and an old pod are evicted by the API while a slow rollout goes on",
    ready=3,
)
def evicted_during(scene: Scene) -> None:
    scene.deploy(replicas=3)
    scene.record()
    scene.release(Release(tag="v2", script=serve(4)), "v2, which takes 4 s to start")
    scene.pause(6)
    scene.evict(scene.names("v1")[0])
    scene.evict(scene.names("v2")[0])
    scene.pause(1)
    scene.complete()


@happening(
    "evicted-while-verifying",
    "a bad release was undone; an old pod is evicted while the recovery is being proven",
)
def evicted_verifying(scene: Scene) -> None:
    scene.deploy(Release(script=serve(4)), progressDeadlineSeconds=15)
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(3)
    scene.evict(scene.names("v1")[0])
    scene.pause(1)
    scene.complete()


@happening("pod-deleted-by-hand", "somebody deletes all pods of a healthy release at once")
def deleted_by_hand(scene: Scene) -> None:
    scene.deploy(Release(script=serve(3)))
    scene.record()
    scene.delete("delete all pods", "pods", "--all")
    scene.pause(2)
    scene.complete()


def _kubelet(scene: Scene, release: Release, wait: float) -> None:
    scene.deploy(Release(script=serve(2)))
    scene.record()
    scene.release(release, "v2")
    scene.pause(wait)
    scene.note("the kubelet is restarted")
    scene.cluster.restart_kubelet()
    scene.pause(6)
    scene.complete()


add(
    "kubelet-restart",
    "the node's kubelet is restarted some seconds after a healthy rollout; no container is",
    partial(_kubelet, release=Release(tag="v2"), wait=10),
    lane=Lane.ALONE,
)
add(
    "kubelet-restart-during-rollout",
    "the node's kubelet is restarted while a slow, healthy rollout goes on",
    partial(_kubelet, release=Release(tag="v2", script=serve(6)), wait=4),
    lane=Lane.ALONE,
)
