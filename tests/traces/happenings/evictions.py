"""What happens to pods on the real node: evictions, deletions, a kubelet's restart."""

from __future__ import annotations

from functools import partial

from tests.traces.registry import Lane, add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, serve


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
)
def evicted_during(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.release(Release(tag="v2", script=serve(4)), "v2, which takes 4 s to start")
    scene.pause(6)
    scene.evict(scene.names("v1")[0])
    scene.evict(scene.names("v2")[0])
    scene.pause(1)
    scene.complete()


@happening(
    "evicted-during-bad-rollout",
    "an old pod is evicted by the API while the pods of a release are never ready",
    complete=False,
)
def evicted_bad(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=12)
    scene.record()
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.pause(4)
    scene.evict(scene.names("v1")[0])
    scene.pause(3)
    scene.exceeded()


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


@happening(
    "kubelet-restart-while-verifying",
    "a bad release was undone, and the kubelet is restarted while the recovery is being proven",
    lane=Lane.ALONE,
)
def kubelet_verifying(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(3)
    scene.note("the kubelet is restarted")
    scene.cluster.restart_kubelet()
    scene.pause(6)
    scene.complete()


add(
    "kubelet-restart-during-rollout",
    "the node's kubelet is restarted while a slow, healthy rollout goes on",
    partial(_kubelet, release=Release(tag="v2", script=serve(6)), wait=4),
    lane=Lane.ALONE,
)
