"""The rules of Pod Security's level `restricted`, and a read-only root besides, as complaints about a pod.

Written out here because the API server applies them only when a pod is created, and a chart should be known
to pass without a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_HOST = ("hostNetwork", "hostPID", "hostIPC")
_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def complaints(spec: Mapping[str, Any]) -> list[str]:
    """Everything in a pod's spec that the level forbids."""
    return [
        *_of_pod(spec),
        *(said for container in _containers(spec) for said in _of_container(spec, container)),
    ]


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(kind, ())


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} is set" for name in _HOST if spec.get(name))
    for volume in spec.get("volumes", ()):
        for kind in volume.keys() - {"name"} - _VOLUMES:
            yield f"volume {volume['name']} is a {kind}"
    if spec.get("securityContext", {}).get("sysctls"):
        yield "sysctls are set"


def _of_container(spec: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    effective = {**spec.get("securityContext", {}), **own}
    wanted = {
        "runAsNonRoot is not true": effective.get("runAsNonRoot") is True,
        "runAsUser is root": effective.get("runAsUser") != 0,
        "the seccomp profile is not the runtime's": effective.get("seccompProfile", {}).get("type")
        in {"RuntimeDefault", "Localhost"},
        "privileges may escalate": own.get("allowPrivilegeEscalation") is False,
        "it is privileged": not own.get("privileged"),
        "capabilities are not dropped": "ALL" in own.get("capabilities", {}).get("drop", ()),
        "capabilities are added": not set(own.get("capabilities", {}).get("add", ())) - {"NET_BIND_SERVICE"},
        "host ports are taken": not any(port.get("hostPort") for port in container.get("ports", ())),
        "the root file system is writable": own.get("readOnlyRootFilesystem") is True,
    }
    yield from (f"container {container['name']}: {said}" for said, holds in wanted.items() if not holds)
