"""What nodes do to pods, on simulated ones: drains, losses, reclaims, preemption."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.traces.api import STRATEGIC_PATCH
from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import Release, simulated


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


@happening("drain-during-undo", "a node is drained just after a release was undone", ready=4, simulated=True)
def drain_undo(scene: Scene) -> None:
    _stage(scene, "a", "b", minReadySeconds=3)
    scene.undo()
    scene.pause(4)
    _drain(scene, "a")
    scene.pause(1)
    scene.complete()


@happening(
    "node-lost-during-rollout",
    "a node stops its heartbeat for good while a slow rollout goes on",
    ready=3,
    simulated=True,
)
def lost_during(scene: Scene) -> None:
    scene.nodes.add("a", "b")
    scene.deploy(_release(scene, **_leaving(scene)), replicas=3, minReadySeconds=15)
    scene.record(simulated=True)
    scene.note("node a stops its heartbeat")
    scene.nodes.lose("a")
    scene.pause(20)
    scene.release(_release(scene, "v2", **_leaving(scene)), "v2")
    scene.until("pods not ready", lambda: scene.ready() < len(scene.pods()), within=60)
    scene.until("complete", scene.is_complete, within=180)


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
    spec = simulated(scene.namespace, **({} if back else _leaving(scene)))
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


def _leaving(scene: Scene) -> dict[str, Any]:
    """Fields of a pod's spec that have it evicted 10 s after its node was lost."""
    away = [
        {
            "key": f"node.kubernetes.io/{what}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 10,
        }
        for what in ("unreachable", "not-ready")
    ]
    return {"tolerations": [*simulated(scene.namespace)["tolerations"], *away]}


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
    scene.at_the_end(lambda: scene.kubectl("delete", "priorityclass", _PRIORITY["metadata"]["name"]))
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
    scene.until("preempted", lambda: scene.ready() == 1 and any(_pending(pod) for pod in scene.pods()))
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
