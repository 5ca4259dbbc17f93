"""Pods that cannot be made, or that no node takes: quotas, admission, capacity."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import NEVER_READY, Release, rolling

V2 = Release(tag="v2")


def _quota(scene: Scene, *, lifted: bool, surge: int) -> None:
    strategy = rolling(surge=surge, unavailable=1 - surge)
    scene.deploy(progressDeadlineSeconds=15, strategy=strategy)
    scene.apply("quota: no more than 2 pods", resource_quota(2))
    scene.pause(1)
    scene.record()
    scene.release(V2, "v2, with no room for a third pod")
    if surge == 0:
        scene.pause(1)
        scene.complete()
        return
    scene.exceeded()
    if lifted:
        scene.pause(1)
        scene.apply("quota: no more than 10 pods", resource_quota(10))
        scene.complete()


def resource_quota(pods: int) -> dict[str, Any]:
    metadata = {"name": "pods"}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata,
        "spec": {"hard": {"pods": str(pods)}},
    }


add(
    "quota",
    "a quota lets no new pod be made: the rollout stands still, the old pods serve, the deadline is exceeded",
    partial(_quota, lifted=False, surge=1),
    complete=False,
)
add("quota-lifted", "the same, and then the quota is raised", partial(_quota, lifted=True, surge=1))
add(
    "quota-without-surge",
    "the quota is full, and the rollout takes an old pod away first: it goes well, with refusals in between",
    partial(_quota, lifted=False, surge=0),
)


@happening(
    "quota-at-scale-up",
    "after a healthy rollout an autoscaler wants more than the quota allows",
    complete=False,
)
def quota_scale(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=15)
    scene.release(V2, "v2")
    scene.complete()
    scene.apply("quota: no more than 2 pods", resource_quota(2))
    scene.pause(1)
    scene.record()
    scene.scale(4)
    scene.pause(18)


@happening(
    "quota-at-undo",
    "a release that is never ready is undone, and the quota lets no old pod be made any more",
    ready=0,
    complete=False,
)
def quota_undo(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=10, strategy={"type": "Recreate"})
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.apply("quota: no pods", resource_quota(0))
    scene.pause(1)
    scene.record()
    scene.undo()
    scene.pause(15)


def _webhook(scene: Scene, *, ended: bool) -> None:
    scene.deploy(progressDeadlineSeconds=15)
    name = scene.namespace
    scene.at_the_end(
        lambda: scene.kubectl("delete", "validatingwebhookconfiguration", name, "--ignore-not-found")
    )
    scene.record()
    scene.apply("an admission webhook for pods, with nobody behind it", _configuration(scene))
    # The API server takes a moment to know of it.
    scene.pause(2)
    scene.release(V2, "v2")
    scene.exceeded()
    if ended:
        scene.pause(1)
        scene.delete("the webhook is taken away", "validatingwebhookconfiguration", name)
        scene.complete()


def _configuration(scene: Scene) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": scene.namespace},
        "webhooks": [
            {
                "name": "policy.traces.test",
                "clientConfig": {"url": "https://127.0.0.1:9/"},
                "rules": [rule],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scene.namespace}},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 2,
            }
        ],
    }


add(
    "webhook-down",
    "an admission webhook is down, so that no pod can be made: the rollout stands still",
    partial(_webhook, ended=False),
    complete=False,
)
add("webhook-down-and-gone", "the same, and then the webhook is taken away", partial(_webhook, ended=True))


@happening("unschedulable", "the new pods ask for more than any node has", complete=False)
def unschedulable(scene: Scene) -> None:
    scene.deploy(progressDeadlineSeconds=15)
    scene.record()
    scene.release(
        Release(tag="v2", app={"resources": {"requests": {"cpu": "900"}}}), "v2, which asks for 900 CPUs"
    )
    scene.exceeded()
