"""The shop's Deployment, run by the Python that is in the stand-in's image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.app import build
from tests.e2e.app.manifests import namespace as made_namespace

NAME = "cart"


def everything(namespace: str) -> str:
    """Namespace, the application as a ConfigMap, and the Deployment."""
    source = Path(__file__).with_name("app.py").read_text()
    items = [
        json.loads(made_namespace(namespace)),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(namespace), "data": {"app.py": source}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(namespace), "spec": _spec()},
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _meta(namespace: str) -> dict[str, Any]:
    return {"name": NAME, "namespace": namespace, "labels": {"app": NAME}}


def _spec() -> dict[str, Any]:
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}
    ready = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 5}
    container = {
        "name": NAME,
        "image": build.image("v1.0.0"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "/shop/app.py"],
        "ports": [{"containerPort": 8080}],
        "volumeMounts": [{"name": "source", "mountPath": "/shop"}],
        "readinessProbe": ready,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "96Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "source", "configMap": {"name": NAME}}],
    }
    return {
        "replicas": 2,
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": {"app": NAME}},
        "template": {"metadata": {"labels": {"app": NAME}, "annotations": scraped}, "spec": pod},
    }
