"""What the simulated kubelet and controllers warn of: :class:`daemon.ports.ObjectEvents`."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.model import Container, Pod
from daemon.core.rollout_facts.diagnosis import ObjectEvent


class MemoryObjectEvents:
    """Events follow from how the objects are now; the simulation does not keep those of the past."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster

    def warnings(self, namespace: str, uid: str) -> tuple[ObjectEvent, ...]:
        for workload in self._cluster.workloads():
            if workload.ref.namespace != namespace:
                continue
            if why := workload.unmade.get(uid):
                return (ObjectEvent(reason="FailedCreate", message=f"Error creating: {why}"),)
            for pod in workload.pods:
                if pod.uid == uid:
                    return tuple(_of_pod(pod))
        return ()


def _of_pod(pod: Pod) -> Iterator[ObjectEvent]:
    if pod.unschedulable:
        yield ObjectEvent(reason="FailedScheduling", message=pod.unschedulable)
    for container in pod.containers:
        yield from _of_container(container)


def _of_container(container: Container) -> Iterator[ObjectEvent]:
    match container.waiting_reason:
        case "ErrImagePull" | "ImagePullBackOff":
            why = container.waiting_message.removeprefix("Back-off pulling image ")
            yield ObjectEvent(reason="Failed", message=f"Failed to pull image: {why}")
        case "CrashLoopBackOff":
            yield ObjectEvent(reason="BackOff", message="Back-off restarting failed container")
        case "CreateContainerConfigError":
            yield ObjectEvent(reason="Failed", message=f"Error: {container.waiting_message}")
        case "" if not container.ready and container.exit_code is None:
            said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            yield ObjectEvent(reason="Unhealthy", message=said)
        case _:
            return
