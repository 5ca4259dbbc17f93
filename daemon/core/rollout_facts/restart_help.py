"""Whether new pods may come up where those that are stuck do not: what speaks against a restart.

A restart helps a process that hangs while it starts, or a pod that is stuck on its node's own account. It
helps nothing that the next pod meets again, and then it only costs time in which nobody is called.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.model import Container, Pod, Revision, Workload
from daemon.core.rollout_facts.diagnosis import NOTHING, Told

UNPULLED = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
UNMOUNTED = frozenset({"FailedMount", "FailedAttachVolume"})


def no_help(workload: Workload, revision: Revision, told: Told = NOTHING) -> str:
    """Why a restart would not help a rollout of the revision, in words; empty where it may."""
    unready = [pod for pod in workload.live_of(revision) if not pod.ready]
    if workload.status.paused:
        return "the Deployment is paused"
    if why := workload.unmade.get(revision.replica_set_uid):
        return f"pods cannot be made ({why})"
    if not unready:
        return "no pod of it is unready"
    if found := next((pod for pod in unready if pod.unschedulable), None):
        return f"no node takes {found.name}"
    if node := next(iter(sorted(told.nodes)), None):
        return f"node {node} is not well"
    return _of_containers(unready) or _of_events(told) or _of_crashes(workload, revision, unready)


def _of_containers(unready: Iterable[Pod]) -> str:
    waiting = [c for pod in unready for c in pod.containers if c.waiting_reason]
    if any(container.waiting_reason in UNPULLED for container in waiting):
        return "an image cannot be pulled"
    if any(container.waiting_reason == "CreateContainerConfigError" for container in waiting):
        return "a ConfigMap, a Secret or a key of one is missing"
    return ""


def _of_events(told: Told) -> str:
    for event in told.events:
        if event.reason in UNMOUNTED and "not found" in event.message:
            return "something that the pods mount is missing"
        if "disruption budget" in event.message:
            return "a PodDisruptionBudget keeps a pod where it is"
    return ""


def _of_crashes(workload: Workload, revision: Revision, unready: Iterable[Pod]) -> str:
    """That the application ends by itself, in the same way in each pod: so will it in the next one."""
    if any(pod.ready for pod in workload.live_of(revision)):
        return ""
    codes = [_crash(pod.containers) for pod in unready]
    if codes and codes[0] is not None and len(set(codes)) == 1:
        return f"every pod ends with exit code {codes[0]}"
    return ""


def _crash(containers: Iterable[Container]) -> int | None:
    return next((c.exit_code for c in containers if c.exit_code and not c.ready), None)
