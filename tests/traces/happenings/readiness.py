"""Pods that lose their readiness: all or one, for a moment or for good, early or late."""

from __future__ import annotations

from functools import partial

from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, once, serve

V2 = Release(tag="v2")
UNREADY = "rm /www/ready"
READY = "touch /www/ready"


def _blip(scene: Scene, pods: list[str], seconds: float) -> None:
    for pod in pods:
        scene.run(pod, UNREADY, "readiness is lost")
    scene.pause(seconds)
    for pod in pods:
        scene.run(pod, READY, "readiness comes back")
    scene.until("ready", lambda: scene.ready() == len(scene.pods()))


@happening(
    "restart-at-start-then-blip",
    "each container restarted once while it started; later, readiness is lost for 5 s on all pods at once",
)
def restart_then_blip(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.release(
        Release(tag="v2", script=once("began", "sleep 1; exit 1", serve())), "v2, which restarts once"
    )
    scene.pause(1)
    scene.complete()
    scene.pause(10)
    _blip(scene, scene.names(), 5)
    scene.complete()


@happening(
    "readiness-flapping", "under load all new pods lose their readiness for a second or two, again and again"
)
def flapping(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.release(V2, "v2")
    scene.pause(1)
    scene.complete()
    for _ in range(4):
        _blip(scene, scene.names(), 1.5)
        scene.pause(2)
    scene.complete()


@happening(
    "readiness-flapping-during-rollout",
    "pods of both releases lose their readiness now and then while a slow rollout goes on",
    ready=3,
)
def flapping_during(scene: Scene) -> None:
    scene.deploy(replicas=3)
    scene.record()
    scene.release(Release(tag="v2", script=serve(5)), "v2, which takes 5 s to start")
    for _ in range(4):
        scene.pause(2)
        for pod in scene.names()[:2]:
            scene.run(pod, f"{UNREADY}; sleep 1; {READY}", "readiness is lost for a second")
    scene.complete()
    scene.until("ready", lambda: scene.ready() == 3)


def _for_good(scene: Scene, *, lost: int) -> None:
    scene.deploy(replicas=3)
    scene.record()
    scene.release(V2, "v2")
    scene.pause(1)
    scene.complete()
    scene.pause(4)
    for pod in scene.names()[:lost]:
        scene.run(pod, UNREADY, "readiness is lost for good")
    scene.pause(34)


add(
    "readiness-lost-on-all",
    "all pods of a release lose their readiness some seconds after the rollout, for good",
    partial(_for_good, lost=3),
    ready=0,
    complete=False,
)
add(
    "readiness-lost-on-one",
    "one pod of three loses its readiness some seconds after the rollout, for good",
    partial(_for_good, lost=1),
    ready=2,
    complete=False,
)


@happening(
    "readiness-lost-during-rollout",
    "the first new pod is ready, and loses its readiness for good while the rollout still goes on",
    ready=3,
    complete=False,
)
def lost_during(scene: Scene) -> None:
    scene.deploy(replicas=4, progressDeadlineSeconds=20)
    scene.record()
    scene.release(
        Release(tag="v2", script=f"touch /www/ready; httpd -p 8000 -h /www; sleep 2; {UNREADY}; sleep 600"),
        "v2",
    )
    scene.exceeded()


@happening(
    "readiness-blip-while-verifying",
    "a bad release was undone, and both old pods lose their readiness for 3 s while the recovery is proven",
)
def blip_verifying(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(4)
    _blip(scene, scene.names("v1"), 3)
    scene.complete()


@happening(
    "readiness-lost-while-verifying",
    "a bad release was undone, and both old pods lose their readiness for good: no recovery",
    ready=0,
    complete=False,
)
def lost_verifying(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(4)
    for pod in scene.names("v1"):
        scene.run(pod, UNREADY, "readiness is lost for good")
    scene.pause(12)
