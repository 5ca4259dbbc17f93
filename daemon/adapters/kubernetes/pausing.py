"""The pause annotation of a Deployment, as people set it and take it off."""

from __future__ import annotations

from datetime import timedelta

from daemon import ports
from daemon.adapters.kubernetes.client import MERGE_PATCH, KubeClient
from daemon.adapters.kubernetes.resources import DEPLOYMENTS
from daemon.core.case.guards.pause import PAUSE, pause_value
from daemon.core.model import WorkloadRef

MANAGER = "rollbackd-cli"
"""Who writes by ``managedFields``: a person by these commands, and not the daemon."""


def pause(client: KubeClient, ref: WorkloadRef, seconds: float | None) -> str:
    """Set it, for so many seconds by the API server's clock, which the daemon goes by; ``None``: for good.

    Returns the annotation's value. Raises Missing, Denied, Unavailable.
    """
    end = None
    if seconds is not None:
        client.greet()
        now = client.server_time()
        if now is None:
            raise ports.Unavailable(
                "the API server does not tell its time of day: write the pause by kubectl"
            )
        end = now + timedelta(seconds=seconds)
    value = pause_value(end)
    write(client, ref, value, manager=MANAGER)
    return value


def resume(client: KubeClient, ref: WorkloadRef) -> None:
    """Take it off, or leave it off. Raises as :func:`pause`."""
    write(client, ref, None, manager=MANAGER)


def write(client: KubeClient, ref: WorkloadRef, value: str | None, *, manager: str) -> None:
    """Set the annotation to this, or take it off. Raises Missing, Denied, Unavailable."""
    patch = {"metadata": {"annotations": {PAUSE: value}}}
    path = DEPLOYMENTS.path(ref.namespace, ref.name)
    try:
        client.request("PATCH", path, query={"fieldManager": manager}, body=patch, content_type=MERGE_PATCH)
    except ports.Missing:
        raise ports.Missing(
            f"Deployment {ref} does not exist: see kubectl get deployments -n {ref.namespace}"
        ) from None
