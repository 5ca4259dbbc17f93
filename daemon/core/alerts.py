"""Which workloads an alert is about."""

from __future__ import annotations

from daemon.core.model import Alert, Workload
from daemon.core.pod_owner import PodOwners

NAMING = ("deployment", "app", "app_kubernetes_io_name", "service", "container", "job", "workload")
"""Labels that carry a workload's name in the usual rule and relabelling sets."""


def concerns(alert: Alert, workload: Workload) -> bool:
    """Whether an alert's labels name the workload or one of its pods. A wrong namespace rules it out."""
    labels = alert.labels
    namespace = labels.get("namespace")
    if namespace is not None and namespace != workload.ref.namespace:
        return False
    pod = labels.get("pod", "")
    if pod and PodOwners(workload).of(pod):
        return True
    return any(labels.get(label) == workload.ref.name for label in NAMING)
