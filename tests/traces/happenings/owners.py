"""Pods and ReplicaSets that change hands: adopted, orphaned, taken out by a label."""

from __future__ import annotations

from tests.traces.registry import happening
from tests.traces.scene import Scene
from tests.traces.templates import Release


@happening(
    "deployment-made-anew", "the Deployment is deleted without what it owns and made anew: all is adopted"
)
def made_anew(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.note("delete the Deployment, leave what it owns")
    scene.kubectl("delete", "deployment", scene.name, "--cascade=orphan", "--wait")
    scene.pause(2)
    scene.note("create the same Deployment")
    scene.create(Release())
    scene.pause(1)
    scene.complete()


@happening("deployment-replaced", "the Deployment is deleted with all it owns and made anew under its name")
def replaced(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.note("delete the Deployment and what it owns")
    scene.kubectl("delete", "deployment", scene.name, "--cascade=foreground", "--wait")
    scene.note("create the same Deployment")
    scene.create(Release())
    scene.pause(1)
    scene.complete()


@happening(
    "pod-taken-out",
    "somebody takes a pod out of its ReplicaSet by a label, to look into it: it lives on, owned by nobody,"
    " and is replaced",
)
def taken_out(scene: Scene) -> None:
    scene.deploy()
    pod = scene.names()[0]
    scene.record()
    scene.note(f"change the label of pod {pod}")
    scene.kubectl("label", "pod", pod, "app=quarantine", "--overwrite")
    scene.pause(1)
    scene.until("replaced", lambda: scene.is_complete() and scene.ready() == 2)


@happening(
    "replica-set-orphaned", "somebody deletes the current ReplicaSet alone: its pods are adopted by the next"
)
def orphaned(scene: Scene) -> None:
    scene.deploy()
    name = scene.listed("replicasets")[0]["metadata"]["name"]
    scene.record()
    scene.note("delete the current ReplicaSet, leave its pods")
    scene.kubectl("delete", "replicaset", name, "--cascade=orphan", "--wait")
    scene.pause(2)
    scene.complete()
