"""Time passing over the simulated objects: from one moment at which something happens to the next.

What the simulation looks like at a moment does not depend on how often it was looked at before: each event is
processed at its own time, in order, however late that is. The caller holds the lock.
"""

from __future__ import annotations

import heapq
import itertools
import math
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from daemon.adapters.simulation.controller import Controller
from daemon.adapters.simulation.kubelet import EPSILON, Fault, Pace
from daemon.adapters.simulation.objects import DeploymentState, PodState
from daemon.core.model import WorkloadRef
from daemon.ports import Clock


class Server(NamedTuple):
    """A pod as its clients and its scraper meet it."""

    pod: str
    tag: str
    running: bool
    serving: bool
    restarts: int


Meter = Callable[[WorkloadRef, float, float, tuple[Server, ...]], None]
"""Called with each span of time (from, to: Unix seconds) in which a workload's pods stayed as they are."""


class Simulation:
    """The Deployments and what is due to happen to them. Its own time counts seconds from its making."""

    def __init__(self, clock: Clock, *, pace: Pace, lag: float, seed: int) -> None:
        self._clock = clock
        self._epoch = clock.now()
        self._lag = lag
        self._uids = itertools.count(1)
        self._seed = seed
        self._due: list[tuple[float, WorkloadRef]] = []
        self._version = 0
        self.at = 0.0
        self.deployments: dict[WorkloadRef, DeploymentState] = {}
        self.faults: dict[str, Fault] = {}
        self.changed: set[WorkloadRef] = set()
        """Workloads that differ from when this was last emptied."""
        self.meters: list[Meter] = []
        self.controller = Controller(pace=pace, faults=self.faults, uid=self.uid)

    def moment(self, at: float) -> datetime:
        return self._epoch + timedelta(seconds=at)

    def uid(self, what: str) -> str:
        """A UID never given out before; the same ones in the same order for the same seed."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed}/{next(self._uids)}/{what}"))

    def version(self) -> int:
        """The resourceVersion of one more write."""
        self._version += 1
        return self._version

    def settle(self, now: datetime | None = None) -> None:
        """Let everything happen that is due until ``now`` (the clock's time where not given)."""
        until = ((now or self._clock.now()) - self._epoch).total_seconds()
        while self._due and self._due[0][0] <= until + EPSILON:
            at, ref = heapq.heappop(self._due)
            self.at = max(self.at, at)
            deployment = self.deployments.get(ref)
            if deployment is not None and deployment.due == at:
                self._process(deployment)
        self.at = max(self.at, until)

    def written(self, deployment: DeploymentState, *, spec: bool = True) -> None:
        """A client wrote the Deployment; a write of the spec is a new generation."""
        deployment.resource_version = self.version()
        if spec:
            deployment.generation += 1
            deployment.observe_at = self.at + self._lag
            self._schedule(deployment, deployment.observe_at)
        self.changed.add(deployment.ref)

    def disturbed(self, deployment: DeploymentState) -> None:
        """Something else than a client's write befell it: its controllers look at once."""
        self._schedule(deployment, self.at)
        self.changed.add(deployment.ref)

    def add(self, deployment: DeploymentState) -> None:
        deployment.observe_at = self.at + self._lag
        deployment.accounted = self.at
        self.deployments[deployment.ref] = deployment
        self._schedule(deployment, deployment.observe_at)
        self.changed.add(deployment.ref)

    def remove(self, ref: WorkloadRef) -> DeploymentState | None:
        """Delete a Deployment with all that it owns."""
        deployment = self.deployments.get(ref)
        if deployment is None:
            return None
        self.account(deployment)
        del self.deployments[ref]
        for meter in self.meters:
            meter(ref, self._unix(self.at), self._unix(self.at), ())
        self.changed.add(ref)
        return deployment

    def account(self, deployment: DeploymentState) -> None:
        """Notify the meters of the time since the Deployment was last accounted for.

        Must be called before anything changes about its pods.
        """
        start, deployment.accounted = deployment.accounted, self.at
        if self.at <= start or not self.meters:
            return
        middle = (start + self.at) / 2
        servers = tuple(_server(pod, middle) for pod in deployment.pods)
        for meter in self.meters:
            meter(deployment.ref, self._unix(start), self._unix(self.at), servers)

    def server(self, name: str) -> Server | None:
        pods = (pod for deployment in self.deployments.values() for pod in deployment.pods)
        return next((_server(pod, self.at) for pod in pods if pod.name == name), None)

    def _process(self, deployment: DeploymentState) -> None:
        self.account(deployment)
        before = deployment.seen
        if self.controller.reconcile(deployment, self.at):
            deployment.resource_version = self.version()
        deployment.seen = deployment.signature(self.at)
        if deployment.seen != before:
            self.changed.add(deployment.ref)
        deployment.due = math.inf
        self._schedule(deployment, deployment.next_change(self.at))

    def _schedule(self, deployment: DeploymentState, at: float) -> None:
        if at < deployment.due:
            deployment.due = at
            heapq.heappush(self._due, (at, deployment.ref))

    def _unix(self, at: float) -> float:
        return self._epoch.timestamp() + at


def _server(pod: PodState, at: float) -> Server:
    main = pod.looks(at)[pod.first_main]
    ready = pod.ready(at)
    return Server(pod.name, pod.tag, main.running, ready and pod.active, main.container.restarts)
