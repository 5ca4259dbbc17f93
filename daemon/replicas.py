"""Several replicas of the daemon: which of them acts, or that there is but this one."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from daemon.adapters.clock import SystemClock, waking
from daemon.engine.elector import TIMING, Elector
from daemon.engine.leading import Alone, Leadership
from daemon.engine.loop import Engine
from daemon.ports import Leases, PortError, Rejected
from daemon.settings import Settings
from daemon.teardown import Teardown

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient


class Membership:
    """This replica's part in the election, or that there is none.

    Raises PortError when it is made: Denied without the right to the Lease, Rejected where another daemon is
    seen to hold it although there is no election here.
    """

    def __init__(
        self, settings: Settings, client: KubeClient, stop: threading.Event, registry: CollectorRegistry
    ) -> None:
        """``stop`` ends the program; it is set where another replica has taken this one's place."""
        self.replaced = False
        """Whether that is why it ends."""
        self._stop = stop
        self._engine: Engine | None = None
        self._elector = self._elected(settings, client, registry)

    @property
    def leadership(self) -> Leadership:
        return self._elector or Alone()

    def begin(self, engine: Engine, teardown: Teardown) -> None:
        """Start the election and the engine; torn down so that the lease is given back as soon as nothing is
        done any more."""
        self._engine, elector = engine, self._elector
        if elector is not None:
            elector.start()
            teardown.add("election", lambda s: elector.stop(s, idle=not engine.workers.join(0.0)))
        engine.start()
        teardown.add("engine", engine.stop)

    def _elected(self, settings: Settings, client: KubeClient, registry: CollectorRegistry) -> Elector | None:
        from daemon.adapters.kubernetes.lease import KubeLease

        chosen = settings.election
        leases = KubeLease(
            client,
            namespace=chosen.namespace or client.namespace,
            name=chosen.name,
            clock=SystemClock(),
        )
        if not chosen.enabled:
            refuse_beside(leases, self._stop.wait)
            return None
        leases.allowed()
        host = socket.gethostname()
        return Elector(
            leases,
            me=f"{host}_{secrets.token_hex(4)}",
            # A pod has one container of ours: whoever held the lease from here is dead.
            house=host if os.environ.get("KUBERNETES_SERVICE_HOST") else "",
            monotonic=waking,
            lead=self._lead,
            lost=self._lose,
            registry=registry,
        )

    def _lead(self) -> None:
        if self._engine is not None:
            self._engine.lead()

    def _lose(self) -> None:
        self.replaced = True
        self._stop.set()


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
