"""Setting images in a Deployment that was read a moment before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.adapters.kubernetes.outcomes import refused, superseded
from daemon.adapters.kubernetes.written_deployment import Patch, Plan, WrittenDeployment, already, paused
from daemon.core.case.guards.emergency_stop import stopped_by
from daemon.core.case.images import ImageChange, images_in
from daemon.core.model import WorkloadRef


def images_step(ref: WorkloadRef, deployment: WrittenDeployment, changes: Sequence[ImageChange]) -> Plan:
    """The patch and its words, or how it ends without one."""
    paths, now = _image_paths(deployment.spec.template), images_in(deployment.spec.template)
    what = "; ".join(str(change) for change in changes)
    for change in changes:
        if change.container not in now:
            return refused(f"Deployment {ref} has no container {change.container!r} any more")
    if all(now[change.container] == change.after for change in changes):
        return already(deployment, f"{ref} has these images already: nothing to do")
    for change in changes:
        if now[change.container] not in (change.before, change.after):
            return superseded(
                f"container {change.container} of {ref} has {now[change.container]} by now"
                f"{deployment.changed_by}"
            )
    if deployment.stop is not None:
        return refused(str(stopped_by(ref, deployment.stop)))
    if deployment.spec.paused:
        return refused(paused(ref))
    patch: Patch = [{"op": "replace", "path": paths[c.container], "value": c.after} for c in changes]
    return patch, f"{ref}: {what}"


def _image_paths(template: Mapping[str, Any]) -> dict[str, str]:
    """Container → where its image stands in the Deployment."""
    return {
        container["name"]: f"/spec/template/spec/{kind}/{index}/image"
        for kind in ("containers", "initContainers")
        for index, container in enumerate(template["spec"].get(kind) or ())
    }
