"""Forms of rollouts: strategies, pauses, quick successions, and ReplicaSets that are taken away."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.traces import images
from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, rolling, serve

V1, V2, V3 = Release(), Release(tag="v2"), Release(tag="v3")
SLOW = Release(tag="v2", script=serve(5))
NEVER = Release(tag="v2", script=NEVER_READY)
RECREATE = {"type": "Recreate"}


def _healthy(scene: Scene, release: Release, did: str, **spec: Any) -> None:
    scene.deploy(**spec)
    scene.record()
    scene.release(release, did)
    scene.pause(1)
    scene.complete()


def _bad_and_undone(scene: Scene, **spec: Any) -> None:
    scene.deploy(progressDeadlineSeconds=10, **spec)
    scene.record()
    scene.release(NEVER, "v2, which is never ready")
    scene.exceeded()
    scene.undo()
    scene.pause(2)
    scene.complete()


for _name, _text, _strategy in (
    ("max-unavailable-100", "with maxUnavailable 100%", rolling(surge=0, unavailable="100%")),
    ("recreate", "with Recreate", RECREATE),
    ("surge-25-percent", "with the defaults of 25%", rolling(surge="25%", unavailable="25%")),
):
    add(
        _name,
        f"a healthy release, ready after 5 s, {_text}",
        partial(_healthy, release=SLOW, did="v2, which takes 5 s to start", strategy=_strategy),
    )
    add(
        f"{_name}-bad-undone",
        f"a release {_text} that is never ready, and is undone after its deadline",
        partial(_bad_and_undone, strategy=_strategy),
    )
add(
    "min-ready-seconds",
    "a healthy release with minReadySeconds 5: ready pods are not available yet",
    partial(_healthy, release=V2, did="v2", minReadySeconds=5),
)
add(
    "restart-healthy",
    "the same template with an annotation alone changed: every pod is replaced",
    partial(
        _healthy, release=Release(annotations={"restartedAt": "now"}), did="v1 again, with another annotation"
    ),
)


@happening(
    "min-ready-seconds-crash-inside",
    "with minReadySeconds 8 each new pod crashes after 3 s of being ready: it never counts as available",
    complete=False,
)
def crash_inside(scene: Scene) -> None:
    scene.deploy(minReadySeconds=8, progressDeadlineSeconds=15)
    scene.record()
    script = "touch /www/ready; httpd -p 8000 -h /www; sleep 3; exit 1"
    scene.release(Release(tag="v2", script=script), "v2, which crashes after 3 s")
    scene.exceeded()
    scene.until("old pods alone", lambda: scene.ready() == 2)


@happening(
    "deadline-exceeded-then-complete", "a healthy release is slower than its deadline, and completes after it"
)
def late(scene: Scene) -> None:
    scene.deploy(replicas=1, progressDeadlineSeconds=10)
    scene.record()
    scene.release(
        Release(tag="v2", script=serve(14)), "v2, which takes 14 s to start, with a deadline of 10 s"
    )
    scene.exceeded()
    scene.complete()


@happening("paused-and-resumed", "a slow, healthy rollout is paused in the middle and resumed 6 s later")
def paused(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.release(SLOW, "v2, which takes 5 s to start")
    scene.pause(2)
    scene.rollout("pause")
    scene.pause(8)
    scene.rollout("resume")
    scene.pause(1)
    scene.complete()


@happening(
    "paused-bad-release",
    "a rollout is paused while its first pod is never ready: no deadline runs",
    complete=False,
)
def paused_bad(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    scene.record()
    scene.release(NEVER, "v2, which is never ready")
    scene.pause(2)
    scene.rollout("pause")
    scene.pause(14)


@happening(
    "changed-while-paused", "a template is changed while the Deployment is paused, and resumed 4 s later"
)
def changed_paused(scene: Scene) -> None:
    scene.deploy()
    scene.rollout("pause")
    scene.record()
    scene.release(V2, "v2, while it is paused")
    scene.pause(4)
    scene.rollout("resume")
    scene.pause(1)
    scene.complete()


def _twice(scene: Scene, first: Release, second: Release, gap: float) -> None:
    scene.deploy()
    scene.record()
    scene.release(first, "v2")
    scene.pause(gap)
    scene.release(second, "v3" if second is V3 else "v1 again")
    scene.pause(1)
    scene.complete()


add("two-rollouts-within-a-second", "v2 and 0.3 s later v3", partial(_twice, first=V2, second=V3, gap=0.3))
add("two-rollouts-at-once", "v2 and at once v3", partial(_twice, first=V2, second=V3, gap=0))
add(
    "there-and-back-within-a-second",
    "v2 and 0.3 s later v1 again",
    partial(_twice, first=V2, second=V1, gap=0.3),
)
add(
    "rolled-forward",
    "v2 is never ready, and v3 follows after 5 s",
    partial(_twice, first=NEVER, second=V3, gap=5),
)


@happening("undo-healthy", "a healthy release is undone by somebody: an old ReplicaSet gets a new number")
def undo_healthy(scene: Scene) -> None:
    scene.deploy()
    scene.release(V2, "v2")
    scene.complete()
    scene.record()
    scene.undo()
    scene.pause(1)
    scene.complete()


@happening(
    "replica-set-deleted",
    "somebody deletes the current ReplicaSet: the controller makes it anew, and all its pods",
)
def deleted(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.delete("delete the current ReplicaSet", "replicaset", _replica_set(scene))
    scene.pause(2)
    scene.complete()


@happening(
    "old-replica-set-deleted",
    "a release is never ready, and the ReplicaSet to go back to is deleted",
    ready=2,
)
def old_deleted(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    old = _replica_set(scene)
    scene.record()
    scene.release(NEVER, "v2, which is never ready")
    scene.exceeded()
    scene.delete("delete the old ReplicaSet", "replicaset", old)
    scene.pause(3)
    scene.release(V1, "v1 again")
    scene.pause(1)
    scene.complete()


@happening(
    "history-limit-0", "with revisionHistoryLimit 0 the old ReplicaSet is gone when a healthy rollout is over"
)
def no_history(scene: Scene) -> None:
    _healthy(scene, V2, "v2", revisionHistoryLimit=0)


@happening("digest-only", "a release that differs in the digest of its image and in nothing else")
def digest(scene: Scene) -> None:
    scene.deploy(_by_digest("v1"))
    scene.record()
    scene.release(_by_digest("v2"), "the image of v2, by digest")
    scene.pause(1)
    scene.complete()


def _by_digest(tag: str) -> Release:
    return Release(app={"image": images.image(f"@{images.digest(tag)}")})


@happening(
    "hash-collision", "the name of the new ReplicaSet is taken by a stranger: the hash is made anew, once"
)
def collision(scene: Scene) -> None:
    scene.deploy(V2, replicas=0)
    taken = _replica_set(scene)
    scene.kubectl("delete", "deployment", scene.name, "--cascade=foreground", "--wait")
    stranger = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": taken},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "stranger"}},
            "template": Release(tag="v3").template("stranger"),
        },
    }
    scene.api.ask("POST", f"/apis/apps/v1/namespaces/{scene.namespace}/replicasets", stranger)
    scene.deploy()
    scene.record()
    scene.release(V2, f"v2, whose ReplicaSet would be {taken}")
    scene.pause(1)
    scene.complete()


@happening(
    "deployment-made-anew",
    "the Deployment is deleted, its ReplicaSet and pods left, and made anew: they are adopted",
)
def made_anew(scene: Scene) -> None:
    scene.deploy()
    scene.record()
    scene.note("delete the Deployment, leave what it owns")
    scene.kubectl("delete", "deployment", scene.name, "--cascade=orphan", "--wait")
    scene.pause(2)
    scene.note("create the same Deployment")
    scene.create(V1)
    scene.pause(1)
    scene.complete()


def _replica_set(scene: Scene) -> str:
    """The newest ReplicaSet's name."""
    found = sorted(scene.listed("replicasets"), key=lambda one: str(one["metadata"]["creationTimestamp"]))
    return str(found[-1]["metadata"]["name"])
