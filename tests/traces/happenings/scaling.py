"""Replicas come and go: by an autoscaler, by hand, from none and to none, at each stage of a rollout."""

from __future__ import annotations

from functools import partial

from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, serve

SLOW = 12
"""Seconds of a slow start."""
OLD, NEW = Release(script=serve(SLOW)), Release(tag="v2", script=serve(SLOW))
BAD = Release(tag="v2", script=NEVER_READY)


def _up_after(scene: Scene, before: int, after: int) -> None:
    scene.deploy(Release(), replicas=before)
    scene.release(NEW, "v2, which takes 12 s to start")
    scene.complete()
    scene.record()
    scene.scale(after)
    scene.pause(1)
    scene.complete()


for _before, _after in ((3, 6), (1, 3), (2, 5), (0, 2)):
    add(
        f"autoscaler-up-{_before}-{_after}",
        f"after a healthy rollout an autoscaler goes from {_before} to {_after} replicas, which start slowly",
        partial(_up_after, before=_before, after=_after),
        ready=_after,
    )


@happening(
    "autoscaler-up-during-rollout", "scaled from 2 to 4 while a healthy, slow rollout goes on", ready=4
)
def up_during(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.release(NEW, "v2, which takes 12 s to start")
    scene.pause(5)
    scene.scale(4)
    scene.pause(1)
    scene.complete()


@happening(
    "autoscaler-up-during-bad-rollout",
    "scaled from 2 to 4 while the pods of a release never get ready: the controller shares the new replicas"
    " out among both ReplicaSets, so that 3 pods are ready",
    ready=3,
    complete=False,
)
def up_during_bad(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=15)
    scene.record()
    scene.release(BAD, "v2, which is never ready")
    scene.pause(4)
    scene.scale(4)
    scene.exceeded()
    scene.until("3 ready", lambda: scene.ready() == 3)


@happening(
    "autoscaler-up-during-verification",
    "scaled from 2 to 4 just after a bad release was undone, while its recovery is being proven",
    ready=4,
)
def up_verifying(scene: Scene) -> None:
    scene.deploy(OLD, progressDeadlineSeconds=15)
    scene.release(BAD, "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(2)
    scene.scale(4)
    scene.pause(1)
    scene.complete()


@happening("autoscaler-down-6-3", "from 6 to 3 replicas some time after a healthy rollout", ready=3)
def down(scene: Scene) -> None:
    scene.deploy(replicas=6)
    scene.release(Release(tag="v2"), "v2")
    scene.complete()
    scene.record()
    scene.scale(3)
    scene.pause(1)
    scene.complete()


@happening("autoscaler-up-and-down", "up to 5 replicas, and back to 2 before the new ones are ready", ready=2)
def up_and_down(scene: Scene) -> None:
    scene.deploy(OLD)
    scene.record()
    scene.scale(5)
    scene.pause(6)
    scene.scale(2)
    scene.pause(1)
    scene.complete()


@happening(
    "autoscaler-down-during-rollout", "from 5 to 2 replicas while a healthy, slow rollout goes on", ready=2
)
def down_during(scene: Scene) -> None:
    scene.deploy(replicas=5)
    scene.record()
    scene.release(NEW, "v2, which takes 12 s to start")
    scene.pause(5)
    scene.scale(2)
    scene.pause(1)
    scene.complete()


def _from_none(scene: Scene, release: Release) -> None:
    scene.deploy(replicas=0, progressDeadlineSeconds=15)
    scene.record()
    scene.release(release, "v2, while there are no replicas")
    scene.pause(3)
    scene.scale(2)
    scene.pause(1)
    if release is BAD:
        scene.pause(20)
    else:
        scene.complete()


add(
    "replicas-0-release-then-2",
    "a release while there are no replicas is complete at once; then it gets two, which start well",
    partial(_from_none, release=Release(tag="v2", script=serve(5))),
)
add(
    "replicas-0-bad-release-then-2",
    "a release while there are no replicas is complete at once; then it gets two, which are never ready: no"
    " deadline runs, for the rollout is complete",
    partial(_from_none, release=BAD),
    ready=0,
    complete=False,
)


@happening("replicas-to-0-and-back", "scaled to none and back to two, at rest", ready=2)
def to_none(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.scale(0)
    scene.pause(4)
    scene.scale(2)
    scene.pause(1)
    scene.complete()


@happening(
    "replica-set-scaled-by-hand",
    "somebody scales the current ReplicaSet itself; the Deployment's controller sets it right",
)
def replica_set_by_hand(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.scale(4, replica_set=scene.listed("replicasets")[0]["metadata"]["name"])
    scene.pause(4)
    scene.complete()


@happening(
    "old-replica-set-scaled-by-hand",
    "somebody scales the ReplicaSet of the last release; the controller scales it down again",
)
def old_replica_set_by_hand(scene: Scene) -> None:
    scene.deploy()
    old = scene.listed("replicasets")[0]["metadata"]["name"]
    scene.release(Release(tag="v2"), "v2")
    scene.complete()
    scene.record()
    scene.scale(1, replica_set=old)
    scene.pause(4)
    scene.complete()
