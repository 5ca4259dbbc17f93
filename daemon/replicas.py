"""Several replicas of the daemon: which of them acts, or that there is but this one."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from daemon.adapters.clock import SystemClock, waking
from daemon.engine.elector import TIMING, Elector
from daemon.ports import Leases, PortError, Rejected
from daemon.settings import Settings

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient


def elector(
    settings: Settings,
    client: KubeClient,
    *,
    lead: Callable[[], None],
    lost: Callable[[], None],
    wait: Callable[[float], object],
    registry: CollectorRegistry,
) -> Elector | None:
    """``None`` without an election. Raises PortError: Denied without the right to the Lease, Rejected where
    another daemon is seen to hold it although there is no election here; ``wait`` is for that look."""
    from daemon.adapters.kubernetes.lease import KubeLease

    chosen = settings.election
    leases = KubeLease(
        client,
        namespace=chosen.namespace or client.namespace,
        name=chosen.name,
        clock=SystemClock(),
    )
    if not chosen.enabled:
        refuse_beside(leases, wait)
        return None
    leases.allowed()
    host = socket.gethostname()
    return Elector(
        leases,
        me=f"{host}_{secrets.token_hex(4)}",
        # A pod has one container of ours: whoever held the lease from here is dead.
        house=host if os.environ.get("KUBERNETES_SERVICE_HOST") else "",
        monotonic=waking,
        lead=lead,
        lost=lost,
        registry=registry,
    )


def refuse_beside(leases: Leases, wait: Callable[[float], object]) -> None:
    """Raises Rejected where the lease is being renewed. Without a right to it, nobody is seen."""
    try:
        before = leases.read()
        if before is None or not before.holder:
            return
        wait(TIMING.deadline)
        after = leases.read()
    except PortError:
        return
    if after is not None and after.holder and after.version != before.version:
        raise Rejected(
            f"{leases} is held by {after.holder}, and election.enabled is false here: two daemons would act; "
            "stop that one, or set election.enabled: true"
        )
