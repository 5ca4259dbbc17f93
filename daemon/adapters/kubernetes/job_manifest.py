"""The Job of an order: pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from daemon import ports
from daemon.adapters.kubernetes.main_container import chosen_container
from daemon.core.runs import JobCommand
from daemon.ports import Order

ORDER_LABEL = "rollbackd.io/order"
TIME_TO_LIVE = 3600
"""Seconds that a finished Job stays where nobody sweeps it: a daemon that was down so long finds it again."""
STARTING = 30
"""Seconds beyond the timeout until the controller gives up a Job whose pod does not come so far."""
_RUNS_ONLY = frozenset({"livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports", "command"})
"""What a container has because it serves."""


def digest(order: Order) -> str:
    return hashlib.sha256(order.id.encode()).hexdigest()[:16]


def job_name(order: Order) -> str:
    """Follows from the order's id, so that a Job is made once and found again."""
    step = re.sub(r"[^a-z0-9]+", "-", order.id.rsplit("/", 1)[-1].lower()).strip("-")[:30]
    return "-".join(part for part in ("rollbackd", step.strip("-"), digest(order)) if part)


def job_object(order: Order) -> dict[str, Any]:
    """One pod, tried once, with the container's image, environment, volumes and account.

    Its labels are none of the workload's, so that no Service sends it requests. Raises Rejected.
    """
    task = order.task
    if not isinstance(task, JobCommand):
        raise ports.Rejected(f"{type(task).__name__} is not a command for a Job")
    if not task.command:
        raise ports.Rejected("Job: there is no command: say what is to be run")
    labels = {
        **dict(task.labels),
        "app.kubernetes.io/managed-by": "rollbackd",
        ORDER_LABEL: digest(order),
    }
    timeout = max(1, round(order.timeout))
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(order),
            "namespace": order.ref.namespace,
            "labels": labels,
            "annotations": {ORDER_LABEL: order.id},
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": timeout + STARTING,
            "ttlSecondsAfterFinished": TIME_TO_LIVE,
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod(order, task) | {"activeDeadlineSeconds": timeout},
            },
        },
    }


def _pod(order: Order, task: JobCommand) -> dict[str, Any]:
    container: Mapping[str, Any] = chosen_container(order.template, task.container, "Job")
    alone = {key: value for key, value in container.items() if key not in _RUNS_ONLY}
    alone |= {"command": list(task.command), "args": []}
    kept = order.template["spec"].items()
    spec = {key: value for key, value in kept if key not in ("initContainers", "containers")}
    return spec | {"containers": [alone], "restartPolicy": "Never"}
