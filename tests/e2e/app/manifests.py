"""The manifests of GL-006 as the stand-in runs it, as text for ``kubectl apply``.

Names, labels, ports and strategy are the application's own; probes and grace periods are shortened for tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.app.build import IMAGE

NAMESPACE = "greenlang"
NAME = "gl-006-heatreclaim"
CONFIG = f"{NAME}-config"
HEALTHY_SETTINGS: Mapping[str, Any] = {"log_level": "INFO", "pinch_temperature_kelvin": 10}


@dataclass(frozen=True, kw_only=True)
class Gl006:
    """What a test may choose about the application; the rest is as GL-006 has it."""

    namespace: str = NAMESPACE
    name: str = NAME
    repository: str = IMAGE
    tag: str = "v1.0.0"
    replicas: int = 3
    load_rps: float = 5.0
    base_error_rate: float = 0.002
    progress_deadline_seconds: int = 60
    memory_limit: str = "96Mi"
    config_name: str = CONFIG
    startup_probe: bool = True
    """Costs a pod a second until it is ready, as the kubelet begins the other probes after it."""
    ready_delay: int = 0
    """Seconds that the kubelet waits before it asks a pod whether it is ready."""
    mounted: bool = True
    """Whether its ConfigMap is mounted; it is read into the environment as well."""
    change_cause: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        return {"app": self.name, "agent-id": "GL-006", "codename": "HEATRECLAIM"}


def namespace(name: str = NAMESPACE) -> str:
    """The namespace, where pods must keep to the ``restricted`` Pod Security level."""
    labels = {"name": name, "pod-security.kubernetes.io/enforce": "restricted"}
    return _text(_object("v1", "Namespace", {"name": name, "labels": labels}))


def config_map(app: Gl006, settings: str | Mapping[str, Any] = HEALTHY_SETTINGS) -> str:
    """The ConfigMap; give ``settings`` as text to write what is not JSON."""
    text = settings if isinstance(settings, str) else json.dumps(settings)
    metadata = {"name": app.config_name, "namespace": app.namespace, "labels": app.labels}
    return _text(
        _object("v1", "ConfigMap", metadata) | {"data": {"settings.json": text, "LOG_LEVEL": "INFO"}}
    )


def deployment(app: Gl006) -> str:
    """The Deployment alone: applying it with another tag is a rollout."""
    annotations = dict(app.annotations)
    if app.change_cause is not None:
        annotations["kubernetes.io/change-cause"] = app.change_cause
    metadata = {
        "name": app.name,
        "namespace": app.namespace,
        "labels": app.labels | {"version": app.tag},
        "annotations": annotations,
    }
    spec = {
        "replicas": app.replicas,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": app.progress_deadline_seconds,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": {"app": app.name}},
        "template": _template(app),
    }
    return _text(_object("apps/v1", "Deployment", metadata) | {"spec": spec})


def service(app: Gl006) -> str:
    """The Service, on the application's ports."""
    ports = [
        {"name": "http", "port": 80, "targetPort": "http"},
        {"name": "metrics", "port": 9090, "targetPort": "metrics"},
    ]
    metadata = {"name": app.name, "namespace": app.namespace, "labels": app.labels}
    return _text(
        _object("v1", "Service", metadata) | {"spec": {"selector": {"app": app.name}, "ports": ports}}
    )


def everything(app: Gl006 | None = None, settings: str | Mapping[str, Any] = HEALTHY_SETTINGS) -> str:
    """Namespace, ConfigMap, Deployment and Service in one text."""
    app = app or Gl006()
    parts = (namespace(app.namespace), config_map(app, settings), deployment(app), service(app))
    items = [json.loads(part) for part in parts]
    return _text({"apiVersion": "v1", "kind": "List", "items": items})


def _template(app: Gl006) -> dict[str, Any]:
    metadata = {
        "labels": app.labels | {"version": app.tag},
        "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"},
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(app)],
        "volumes": [{"name": "config", "configMap": {"name": app.config_name}}] if app.mounted else [],
    }
    return {"metadata": metadata, "spec": spec}


def _container(app: Gl006) -> dict[str, Any]:
    settings = {
        "LOAD_RPS": str(app.load_rps),
        "BASE_ERROR_RATE": str(app.base_error_rate),
        **app.environment,
    }
    environment: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in settings.items()]
    reference = {"name": app.config_name, "key": "LOG_LEVEL", "optional": True}
    environment.append({"name": "LOG_LEVEL", "valueFrom": {"configMapKeyRef": reference}})
    # Half a second to start: failures count for long enough that a busy machine does not kill a good pod,
    # by whichever probe waits for the start.
    startup = {"startupProbe": _probe("/health", failures=30)} if app.startup_probe else {}
    liveness = _probe("/health", failures=5 if app.startup_probe else 30)
    return {
        **startup,
        "name": app.name,
        "image": f"{app.repository}:{app.tag}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 8000}, {"name": "metrics", "containerPort": 9090}],
        "env": environment,
        "volumeMounts": [{"name": "config", "mountPath": "/app/config", "readOnly": True}]
        if app.mounted
        else [],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"memory": app.memory_limit},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "livenessProbe": liveness,
        "readinessProbe": {**_probe("/ready", failures=3), "initialDelaySeconds": app.ready_delay},
    }


def _probe(path: str, *, failures: int) -> dict[str, Any]:
    check = {"path": path, "port": "http"}
    return {"httpGet": check, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": failures}


def _object(version: str, kind: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": dict(metadata)}


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1)
