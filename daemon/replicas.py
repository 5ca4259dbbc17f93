"""Several replicas of the daemon: which of them acts, for what, or that there is but this one."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge

from daemon.adapters.clock import SystemClock, waking
from daemon.engine.assembly import Assembled
from daemon.engine.elector import TIMING, Elector
from daemon.engine.leading import Alone, Division, Leadership
from daemon.engine.loop import Engine
from daemon.engine.shards import Self, Shards
from daemon.ports import Leases, PortError, Rejected
from daemon.settings import Settings
from daemon.teardown import Teardown

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient
    from daemon.adapters.kubernetes.lease import KubeLease


class Membership:
    """This replica's part in the election, or that there is none.

    Raises PortError when it is made: Denied without the right to the Leases, Rejected where another daemon is
    seen to hold one although there is no election here.
    """

    def __init__(
        self, settings: Settings, client: KubeClient, stop: threading.Event, registry: CollectorRegistry
    ) -> None:
        """``stop`` ends the program; it is set where another replica has taken this one's place."""
        self.replaced = False
        """Whether that is why it ends."""
        self._stop = stop
        self._engine: Engine | None = None
        self._elected = self._campaign(settings, client)
        measure(self.division, registry)

    @property
    def division(self) -> Division:
        match self._elected:
            case Shards() as shards:
                return shards.division
            case elector:
                return Division((elector or Alone(),))

    @property
    def longest(self) -> Leadership:
        """Without its allowance nothing is done for any shard."""
        match self._elected:
            case Shards() as shards:
                return shards.layout
            case elector:
                return elector or Alone()

    def begin(self, daemon: Assembled, teardown: Teardown) -> None:
        """Start the election and the engine; torn down so that the leases are given back as soon as nothing
        is done any more."""
        self._engine, elected = daemon.engine, self._elected
        if isinstance(elected, Shards):
            elected.start(daemon.desks)
        elif elected is not None:
            elected.start()
        if elected is not None:
            teardown.add("election", lambda s: elected.stop(s, idle=not daemon.engine.workers.join(0.0)))
        daemon.engine.start()
        teardown.add("engine", daemon.engine.stop)

    def _campaign(self, settings: Settings, client: KubeClient) -> Elector | Shards | None:
        from daemon.adapters.kubernetes.lease import KubeLease

        chosen = settings.election

        def lease(name: str) -> KubeLease:
            return KubeLease(
                client, namespace=chosen.namespace or client.namespace, name=name, clock=SystemClock()
            )

        first, *others = [lease(name) for name in chosen.names]
        if not chosen.enabled:
            refuse_beside(first, self._stop.wait)
            return None
        for one in (first, *others):
            if not one.allowed():
                # A server that does not answer is waited for once.
                break
        host = socket.gethostname()
        # A pod has one container of ours: whoever held a lease from here is dead.
        house = host if os.environ.get("KUBERNETES_SERVICE_HOST") else ""
        this = Self(me=f"{host}_{secrets.token_hex(4)}", house=house)
        if others:
            return Shards(first, others, this=this, monotonic=waking, lead=self._lead, lost=self._lose)
        return Elector(first, me=this.me, house=house, monotonic=waking, lead=self._lead, lost=self._lose)

    def _lead(self) -> None:
        if self._engine is not None:
            self._engine.lead()

    def _lose(self) -> None:
        self.replaced = True
        self._stop.set()


def measure(division: Division, registry: CollectorRegistry) -> None:
    leading = Gauge("rollbackd_leading", "1 while this replica acts", registry=registry)
    leading.set_function(lambda: float(bool(division.held)))
    held = Gauge("rollbackd_shards_held", "Shards that this replica acts for", registry=registry)
    held.set_function(lambda: float(len(division.held)))


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
