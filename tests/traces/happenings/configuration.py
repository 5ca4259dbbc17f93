"""ConfigMaps that are missing, late, without a key, or broken where they stand."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import Release, container, probe

READING = 'test "$MODE" = good || exit 1; touch /www/ready; exec httpd -f -p 8000 -h /www'


def _release(tag: str, *, config: str = "settings", key: str = "mode", script: str = READING) -> Release:
    reference = {"configMapKeyRef": {"name": config, "key": key}}
    return Release(tag=tag, script=script, app={"env": [{"name": "MODE", "valueFrom": reference}]})


def _config(name: str = "settings", *, mode: str = "good") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"mode": mode}}


def _set_up(scene: Scene, deadline: int = 20) -> None:
    scene.apply("ConfigMap settings", _config())
    scene.deploy(_release("v1"), progressDeadlineSeconds=deadline)


@happening(
    "configmap-broken-restart-undo",
    "a ConfigMap is broken in place, the Deployment restarted: the new pods crash. The undo's template reads"
    " the same broken ConfigMap: only pods that were not restarted go on",
)
def broken(scene: Scene) -> None:
    _set_up(scene)
    scene.record()
    scene.apply("ConfigMap settings is broken in place", _config(mode="bad"))
    scene.rollout("restart")
    scene.waiting("CrashLoopBackOff")
    scene.exceeded()
    scene.undo()
    scene.pause(3)
    scene.complete()


@happening(
    "configmap-broken-recreate-undo",
    "the same with Recreate: no old pod is left, and the undo's pods crash as well",
    ready=0,
    complete=False,
)
def broken_recreate(scene: Scene) -> None:
    scene.apply("ConfigMap settings", _config())
    scene.deploy(_release("v1"), replicas=1, progressDeadlineSeconds=15, strategy={"type": "Recreate"})
    scene.record()
    scene.apply("ConfigMap settings is broken in place", _config(mode="bad"))
    scene.rollout("restart")
    scene.waiting("CrashLoopBackOff")
    scene.undo()
    scene.pause(3)
    scene.waiting("CrashLoopBackOff")
    scene.exceeded()


@happening(
    "configmap-key-missing",
    "a release asks for a key that its ConfigMap does not have: CreateContainerConfigError, for good",
    complete=False,
)
def key_missing(scene: Scene) -> None:
    _set_up(scene)
    scene.record()
    scene.release(_release("v2", key="absent"), "v2, which reads a key that is not there")
    scene.waiting("CreateContainerConfigError")
    scene.exceeded()


@happening("configmap-key-missing-undone", "the same, undone after some seconds")
def key_missing_undone(scene: Scene) -> None:
    _set_up(scene)
    scene.record()
    scene.release(_release("v2", key="absent"), "v2, which reads a key that is not there")
    scene.waiting("CreateContainerConfigError")
    scene.pause(4)
    scene.undo()
    scene.pause(3)
    scene.complete()


def _late(scene: Scene, seconds: float, *, mounted: bool) -> None:
    _set_up(scene, deadline=60)
    release = _mounting() if mounted else _release("v2", config="later")
    scene.record()
    scene.release(release, "v2, whose ConfigMap is not there yet")
    scene.pause(seconds)
    scene.apply("ConfigMap later", _config("later"))
    scene.complete()


def _mounting() -> Release:
    volumes = [{"name": "config", "configMap": {"name": "later"}}]
    mounts = [{"name": "config", "mountPath": "/config"}]
    script = "touch /www/ready; exec httpd -f -p 8000 -h /www"
    return Release(tag="v2", script=script, app={"volumeMounts": mounts}, spec={"volumes": volumes})


add(
    "configmap-late-15s",
    "the ConfigMap that a release reads comes 15 s after it: all goes well in the end",
    partial(_late, seconds=15, mounted=False),
)
add(
    "configmap-late-2s",
    "the ConfigMap that a release reads comes 2 s after it",
    partial(_late, seconds=2, mounted=False),
)
add(
    "configmap-volume-late-15s",
    "the ConfigMap that a release mounts comes 15 s after it: the pod waits as ContainerCreating",
    partial(_late, seconds=15, mounted=True),
)


@happening(
    "configmap-missing-for-sidecar",
    "a sidecar of the new release reads a ConfigMap that is missing, while the main container is well",
    complete=False,
)
def sidecar(scene: Scene) -> None:
    _set_up(scene)
    reference = {"configMapKeyRef": {"name": "absent", "key": "mode"}}
    beside = container("beside", "exec tail -f /dev/null", env=[{"name": "MODE", "valueFrom": reference}])
    scene.record()
    scene.release(
        Release(tag="v2", sidecars=[beside], app={"readinessProbe": probe()}),
        "v2, with a sidecar that cannot be made",
    )
    scene.waiting("CreateContainerConfigError")
    scene.exceeded()
