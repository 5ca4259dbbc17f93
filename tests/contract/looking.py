"""What the contracts of a cluster wait for."""

from __future__ import annotations

from daemon.core.model import Pod, Revision, Workload
from tests.contract.drivers import ClusterDriver


def seen(world: ClusterDriver) -> Workload:
    workload = world.cluster.workload(world.ref)
    assert workload is not None
    return workload


def complete(world: ClusterDriver, tag: str, number: int) -> tuple[Workload, Revision]:
    """The workload once a rollout of the tag is complete, under this number, with no other pod left."""

    def look() -> tuple[Workload, Revision] | None:
        workload = world.cluster.workload(world.ref)
        if workload is None or workload.current is None or not workload.status.complete:
            return None
        current = workload.current
        settled = len(workload.pods) == workload.status.desired == len(workload.pods_of(current))
        arrived = current.tag == tag and current.number == number
        return (workload, current) if arrived and settled else None

    return world.until(f"{tag} complete as revision {number}", look)


def broken_pod(world: ClusterDriver, reasons: set[str]) -> Pod:
    """A pod of the current revision, once its container waits or ended for one of the reasons."""

    def look() -> Pod | None:
        workload = seen(world)
        pods = workload.pods_of(workload.current) if workload.current else ()
        for pod in pods:
            if any({c.waiting_reason, c.exit_reason} & reasons for c in pod.containers):
                return pod
        return None

    return world.until(f"a pod with {reasons}", look)


def stuck(world: ClusterDriver) -> bool:
    """Whether the rollout of the current revision went past its deadline."""
    workload = seen(world)
    return workload.current is not None and workload.status.timed_out(workload.current)
