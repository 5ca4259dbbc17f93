"""Bad releases and their undoing, with what is left of them in the objects' status."""

from __future__ import annotations

from functools import partial

from tests.traces.api import STRATEGIC_PATCH
from tests.traces.happenings.refusals import resource_quota
from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, once, serve, simulated

NEVER = Release(tag="v2", script=NEVER_READY)
CRASHING = Release(tag="v2", script="sleep 1; exit 1")


def _stale(scene: Scene, replicas: int, bad: Release) -> None:
    scene.deploy(replicas=replicas, progressDeadlineSeconds=10)
    scene.record()
    scene.release(bad, "v2")
    scene.exceeded()
    scene.pause(2)
    scene.undo()
    scene.pause(4)
    scene.complete()


for _replicas in (1, 3):
    add(
        f"stale-progress-condition-{_replicas}",
        f"a release that is never ready exceeds its deadline ({_replicas} wanted) and is undone: right after"
        " it the Progressing condition still says ProgressDeadlineExceeded",
        partial(_stale, replicas=_replicas, bad=NEVER),
        ready=_replicas,
    )
add(
    "crash-loop-past-deadline-undone",
    "a release that crashes exceeds its deadline and is undone",
    partial(_stale, replicas=2, bad=CRASHING),
)


@happening(
    "stale-progress-condition-slow-undo",
    "with Recreate the undo starts the old release anew, while the condition still tells of the bad one",
)
def slow_undo(scene: Scene) -> None:
    scene.deploy(Release(script=serve(5)), progressDeadlineSeconds=10, strategy={"type": "Recreate"})
    scene.record()
    scene.release(NEVER, "v2, which is never ready")
    scene.exceeded()
    scene.pause(2)
    scene.undo()
    scene.pause(4)
    scene.complete()


@happening(
    "stale-progress-condition-stays",
    "a quota lets no pod be made; a release exceeds its deadline and is undone, and the old ReplicaSet lacks"
    " a pod: until the quota is lifted the condition goes on naming the ReplicaSet that timed out",
    ready=3,
)
def stays(scene: Scene) -> None:
    scene.deploy(replicas=3, progressDeadlineSeconds=10)
    scene.apply("quota: no more than 2 pods", resource_quota(2))
    scene.pause(1)
    scene.delete("delete a pod", "pod", scene.names()[0])
    scene.until("2 pods left", lambda: len(scene.listed("pods")) == 2)
    scene.record()
    scene.release(NEVER, "v2, of which no pod can be made")
    scene.exceeded()
    scene.undo()
    scene.pause(14)
    scene.apply("quota: no more than 10 pods", resource_quota(10))
    scene.complete()


@happening(
    "undo-that-fails-too",
    "neither a release nor the one before it is ever ready: after the undo the deadline passes once more",
    ready=0,
    complete=False,
)
def undo_fails(scene: Scene) -> None:
    scene.create(Release(script=NEVER_READY), progressDeadlineSeconds=10, strategy={"type": "Recreate"})
    scene.exceeded()
    scene.release(NEVER, "v2, which is never ready")
    scene.pause(3)
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(14)
    scene.exceeded()


RESTARTED = Release(
    script=once(
        "started",
        "touch /www/ready; httpd -p 8000 -h /www; while test -e /www/ready; do sleep 1; done; exit 3",
        serve(),
    )
)
"""Its container ends when the file of its readiness is taken away, and starts again."""


@happening(
    "undo-to-restarted-pod",
    "the old pods restarted once, long before; a release is never ready and is undone, and they stay",
)
def undo_to_restarted(scene: Scene) -> None:
    scene.deploy(RESTARTED, progressDeadlineSeconds=10)
    for pod in scene.names():
        scene.run(pod, "rm /www/ready", "end the container")
    scene.restarted(2)
    scene.until("ready again", lambda: scene.ready() == 2)
    scene.pause(5)
    scene.record()
    scene.release(NEVER, "v2, which is never ready")
    scene.exceeded()
    scene.undo()
    scene.pause(4)
    scene.complete()


@happening(
    "restart-while-verifying",
    "a bad release was undone; a container of an old pod restarts while the recovery is being proven",
)
def restart_verifying(scene: Scene) -> None:
    scene.deploy(RESTARTED, progressDeadlineSeconds=10)
    scene.release(NEVER, "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(5)
    scene.run(scene.names("v1")[0], "rm /www/ready", "end the container")
    scene.restarted(1)
    scene.complete()


@happening(
    "leftover-failed-pod",
    "a pod of the good ReplicaSet ended as Failed (DeadlineExceeded) and was replaced; it stays as a leftover"
    " through a bad release and its undo",
)
def leftover_failed(scene: Scene) -> None:
    scene.deploy()
    pod = scene.names()[0]
    scene.record()
    scene.note(f"set activeDeadlineSeconds of pod {pod} to 1")
    scene.kubectl("patch", "pod", pod, "-p", '{"spec": {"activeDeadlineSeconds": 1}}')
    scene.until("failed", lambda: any(p["status"].get("phase") == "Failed" for p in scene.pods()))
    scene.until("complete", lambda: scene.is_complete() and scene.ready() == 2)
    scene.release(NEVER, "v2, which is never ready")
    scene.until("a third running", lambda: len(scene.pods("v2")) == 1)
    scene.pause(3)
    scene.undo()
    scene.pause(3)
    scene.complete()


@happening(
    "leftover-evicted-pod",
    "a pod of the good ReplicaSet was evicted by its node (phase Failed, reason Evicted, written as a kubelet"
    " does) and was replaced; it stays as a leftover through a healthy release and its undo",
    simulated=True,
)
def leftover_evicted(scene: Scene) -> None:
    scene.nodes.add("a", "b")
    spec = simulated(scene.namespace)
    scene.deploy(Release(spec=spec))
    pod = scene.pods()[0]
    scene.record(simulated=True)
    evict_by_node(scene, pod["metadata"]["name"])
    scene.pause(1)
    scene.until("complete", lambda: scene.is_complete() and scene.ready() == 2)
    scene.release(Release(tag="v2", spec=spec), "v2")
    scene.pause(1)
    scene.until("complete", scene.is_complete)
    scene.undo()
    scene.pause(1)
    scene.until("complete", scene.is_complete)


def evict_by_node(scene: Scene, pod: str) -> None:
    """Write what the eviction manager of a kubelet writes under disk pressure."""
    scene.note(f"node pressure evicts pod {pod}")
    now = scene.recorder.began.strftime("%Y-%m-%dT%H:%M:%SZ")
    terminated = {"exitCode": 137, "reason": "Error", "startedAt": now, "finishedAt": now}
    status = {
        "phase": "Failed",
        "reason": "Evicted",
        "message": "The node was low on resource: ephemeral-storage. ",
        "conditions": [
            {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "TerminationByKubelet",
                "message": "The node was low on resource: ephemeral-storage. ",
                "lastTransitionTime": now,
            },
            {"type": "Ready", "status": "False", "reason": "PodFailed", "lastTransitionTime": now},
            {"type": "ContainersReady", "status": "False", "reason": "PodFailed", "lastTransitionTime": now},
        ],
        "containerStatuses": [
            {
                "name": "app",
                "ready": False,
                "started": False,
                "restartCount": 0,
                "image": "registry.test/traces/app:v1",
                "imageID": "",
                "state": {"terminated": terminated},
            }
        ],
    }
    path = f"/api/v1/namespaces/{scene.namespace}/pods/{pod}/status"
    scene.api.ask("PATCH", path, {"status": status}, content=STRATEGIC_PATCH)


_LONG = "warehouse-inventory-reconciliation-service-for-europe-west12"
assert len(_LONG) == 60


def _long(scene: Scene, release: Release) -> None:
    scene.deploy(progressDeadlineSeconds=10)
    scene.record()
    scene.release(release, "v2")
    scene.pause(2)
    if release is NEVER:
        scene.exceeded()
        scene.undo()
        scene.pause(3)
    scene.complete()


add(
    "long-name-healthy",
    "a Deployment with a name of 60 characters: the hash is cut off its pods' names",
    partial(_long, release=Release(tag="v2")),
    deployment=_LONG,
)
add(
    "long-name-never-ready-undone",
    "the same with a release that is never ready, and is undone",
    partial(_long, release=NEVER),
    deployment=_LONG,
)
