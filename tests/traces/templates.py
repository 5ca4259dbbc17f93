"""Pod templates of the traces: what a release is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.traces.images import image

Manifest = dict[str, Any]

SERVE = "exec httpd -f -p 8000 -h /www"
NEVER_READY = SERVE
"""Alive, and without the file that the readiness probe asks for."""
FOREVER = "exec tail -f /dev/null"
SCRATCH = "/scratch"
"""A volume that outlives a pod's containers; mounted where a script speaks of it."""
KWOK = "kwok"
"""Label and taint of simulated nodes."""


def serve(after: float = 0) -> str:
    """Ready after so many seconds, and well from then on."""
    return f"sleep {after:g}; touch /www/ready; {SERVE}"


def once(marker: str, first: str, then: str) -> str:
    """``first`` at the container's first start in a pod, ``then`` at later ones."""
    return f"if test -e {SCRATCH}/{marker}; then {then}; else touch {SCRATCH}/{marker}; {first}; fi"


def probe(path: str = "ready", *, failures: int = 1, period: int = 1) -> Manifest:
    check = {"path": f"/{path}", "port": 8000}
    return {"httpGet": check, "periodSeconds": period, "failureThreshold": failures, "timeoutSeconds": 1}


def container(name: str, script: str, *, tag: str = "v1", **more: Any) -> Manifest:
    made: Manifest = {"name": name, "image": image(tag), "command": ["/bin/sh", "-c", script]}
    if SCRATCH in script:
        made["volumeMounts"] = [{"name": "scratch", "mountPath": SCRATCH}]
    return made | more


@dataclass(frozen=True, kw_only=True)
class Release:
    """One version of the application: its container ``app``, and what stands around that."""

    tag: str = "v1"
    script: str = field(default_factory=serve)
    app: Mapping[str, Any] = field(default_factory=dict)
    """Over the fields of the container."""
    sidecars: Sequence[Manifest] = ()
    inits: Sequence[Manifest] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)
    """Over the fields of the pod's spec."""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def template(self, name: str) -> Manifest:
        app = container("app", self.script, tag=self.tag, readinessProbe=probe()) | dict(self.app)
        spec: Manifest = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [app, *self.sidecars],
        }
        if self.inits:
            spec["initContainers"] = list(self.inits)
        if SCRATCH in str(spec):
            spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        metadata: Manifest = {"labels": {"app": name}}
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {"metadata": metadata, "spec": spec | dict(self.spec)}


def simulated(nodes: str, **more: Any) -> Manifest:
    """Fields of a pod's spec that put it on the simulated nodes of that group."""
    toleration = {"key": KWOK, "operator": "Exists", "effect": "NoSchedule"}
    return {"nodeSelector": {"group": nodes}, "tolerations": [toleration], **more}


def deployment(name: str, release: Release, *, replicas: int, **spec: Any) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 120,
            "strategy": rolling(surge=1, unavailable=0),
            "selector": {"matchLabels": {"app": name}},
            "template": release.template(name),
            **spec,
        },
    }


def rolling(*, surge: int | str, unavailable: int | str) -> Manifest:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
