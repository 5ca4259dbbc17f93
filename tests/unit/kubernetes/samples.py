"""API objects as the server would serve them."""

from __future__ import annotations

import json
from typing import Any

from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.core.model import WorkloadRef

NAMESPACE = "greenlang"
NAME = "gl-006-heatreclaim"
REF = WorkloadRef(namespace=NAMESPACE, name=NAME)
UID = "deployment-uid"
BASE = f"/apis/apps/v1/namespaces/{NAMESPACE}"
DEPLOYMENT = f"{BASE}/deployments/{NAME}"

Object = dict[str, Any]


def template(tag: str, pod_hash: str = "") -> Object:
    labels = {"app": NAME} | ({"pod-template-hash": pod_hash} if pod_hash else {})
    image = f"gcr.io/greenlang/gl-006-heatreclaim:{tag}"
    return {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": NAME, "image": image, "resources": {}}], "securityContext": {}},
    }


def metadata(name: str, uid: str, **more: Any) -> Object:
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": uid,
        "resourceVersion": "1",
        "creationTimestamp": "2026-11-24T10:00:00Z",
    } | more


def owned_by(kind: str, name: str, uid: str) -> list[Object]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}]


def deployment(tag: str, *, uid: str = UID, name: str = NAME, **more: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(name, uid, generation=2, labels={"guard": "yes"}) | more,
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": NAME}},
            "template": template(tag),
        },
        "status": {
            "observedGeneration": 2,
            "replicas": 3,
            "updatedReplicas": 3,
            "availableReplicas": 3,
            "conditions": [
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "ok"}
            ],
        },
    }


def replica_set(
    tag: str, number: int, *, owner: str = UID, uid: str = "", created: str = "2026-11-24T10:00:00Z"
) -> Object:
    pod_hash = f"hash{tag.replace('.', '')}"
    annotations = {
        "deployment.kubernetes.io/revision": str(number),
        "deployment.kubernetes.io/desired-replicas": "3",
        "kubernetes.io/change-cause": f"release {tag}",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata(
            f"{NAME}-{pod_hash}",
            uid or f"rs-{tag}",
            creationTimestamp=created,
            labels={"app": NAME, "pod-template-hash": pod_hash},
            annotations=annotations,
            ownerReferences=owned_by("Deployment", NAME, owner),
        ),
        "spec": {"replicas": 3, "template": template(tag, pod_hash)},
    }


def pod(name: str, tag: str, **more: Any) -> Object:
    replica_set_name = f"{NAME}-hash{tag.replace('.', '')}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(
            f"{replica_set_name}-{name}",
            f"pod-{name}",
            ownerReferences=owned_by("ReplicaSet", replica_set_name, f"rs-{tag}"),
        ),
        "spec": {"nodeName": "node-1", "containers": template(tag)["spec"]["containers"]},
        "status": {
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": NAME, "ready": True, "restartCount": 0, "state": {"running": {}}}],
        }
        | more,
    }


def seen(body: Object, kind: Any = "MODIFIED") -> Change:
    meta = body["metadata"]
    return Change(
        kind=kind,
        meta=Meta(name=meta["name"], uid=meta["uid"], namespace=meta["namespace"]),
        raw=json.dumps(body).encode(),
    )
