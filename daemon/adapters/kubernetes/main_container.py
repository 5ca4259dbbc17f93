"""Which container of a pod is meant where nobody names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon import ports
from daemon.adapters.kubernetes.partial import DEFAULT_CONTAINER


def chosen_container(template: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    """The container of this name; without one kubectl's default container, which is the first where no
    annotation says. Raises Rejected, which names those that there are."""
    spec: Mapping[str, Any] = template.get("spec") or {}
    containers: list[Mapping[str, Any]] = list(spec.get("containers") or ())
    if not containers:
        raise ports.Rejected(f"{what}: the revision's pod template is not there any more")
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    wanted = name or annotations.get(DEFAULT_CONTAINER) or containers[0]["name"]
    found = next((container for container in containers if container["name"] == wanted), None)
    if found is None and name:
        there = ", ".join(str(container["name"]) for container in containers)
        raise ports.Rejected(f"{what}: there is no container {name!r}; there are: {there}")
    return found if found is not None else containers[0]
