"""The simulated API server's objects. They change in place, under the cluster's lock.

Times are seconds since the simulation began.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from daemon.adapters.simulation.kubelet import EPSILON, Fault, FaultKind, Look, Pace
from daemon.adapters.simulation.pod_lifecycle import Init, Late, Spell, course
from daemon.adapters.simulation.templates import Template, tag_of, template_hash
from daemon.core.model import WorkloadRef
from daemon.core.value import Value

NODE = "memory-node"
"""Where every pod runs, unless there are other nodes."""

CHANGE_CAUSE = "kubernetes.io/change-cause"
ROLLBACK = "rollbackd.io/rollback"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
KEPT_BY_UNDO = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)
"""The Deployment's own annotations: the controller never copies them to a ReplicaSet, an undo keeps them."""
SETTLED = frozenset({"NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"})
"""Reasons of a rollout that no deadline waits for."""


class Strategy(Value, frozen=True):
    """How a Deployment replaces its pods; ``unavailable`` and ``surge`` are pods, ``min_ready`` seconds."""

    surge: int = 1
    unavailable: int = 0
    recreate: bool = False
    """All old pods go, and are gone, before the first new one is made."""
    min_ready: float = 0.0
    """For so long a pod is ready before it counts as available."""


ROLLING = Strategy()


@dataclass
class PodState:
    """A pod; ``faults`` are those of its containers' images at its creation."""

    name: str
    uid: str
    ip: str
    created: float
    containers: tuple[tuple[str, str], ...]
    """Name and image of each."""
    faults: tuple[Fault | None, ...]
    pace: Pace
    deleted: float | None = None
    finished: str = ""
    """Why it will not run again, such as an eviction; it stays beside its successor."""
    node: str = NODE
    min_ready: float = 0.0
    inits: tuple[Init, ...] = ()
    late: Late | None = None
    spells: tuple[Spell, ...] = ()
    """What befell it from outside, beside what is wrong with its images."""

    def looks(self, at: float) -> tuple[Look, ...]:
        """Its containers, the initial ones first."""
        mains = tuple((*named, fault) for named, fault in zip(self.containers, self.faults, strict=True))
        late = self.late
        return course(
            self.inits,
            mains,
            self.pace,
            at - self.created,
            late=late.until - self.created if late is not None else None,
            words=late.words if late is not None else ("", ""),
            spells=self.spells,
        )

    @property
    def first_main(self) -> int:
        """Where its own containers begin in what it looks like."""
        return 0 if self.unschedulable else len(self.inits)

    @property
    def active(self) -> bool:
        return self.deleted is None and not self.finished

    def gone(self, at: float) -> bool:
        return self.deleted is not None and at + EPSILON >= self.deleted + self.pace.stop

    def started(self, at: float) -> bool:
        return not self.unschedulable and at + EPSILON >= self.created + self.pace.start

    def ready(self, at: float) -> bool:
        return not self.finished and all(part.container.ready for part in self.looks(at))

    def ready_changed(self, at: float) -> float:
        """When it became what it is, ready or not; its creation while it never was ready."""
        changed, moment, ready = self.created, self.created, False
        while True:
            moment = min(part.until for part in self.looks(moment)) + self.created
            if moment > at + EPSILON:
                return changed
            if self.ready(moment) is not ready:
                changed, ready = moment, not ready

    def available(self, at: float) -> bool:
        """Ready, and for long enough."""
        return self.ready(at) and (not self.min_ready or at + EPSILON >= self._available_from(at))

    def _available_from(self, at: float) -> float:
        return self.ready_changed(at) + self.min_ready

    def next_change(self, at: float) -> float:
        until = math.inf if self.finished else min(part.until for part in self.looks(at)) + self.created
        if self.min_ready and self.ready(at) and not self.available(at):
            until = min(until, self._available_from(at))
        return min(until, math.inf if self.deleted is None else self.deleted + self.pace.stop)

    def signature(self, at: float) -> tuple[object, ...]:
        """Differs whenever something that an API client can see of the pod has changed."""
        return (self.name, self.deleted, self.finished, *(part.container for part in self.looks(at)))

    @property
    def unschedulable(self) -> bool:
        return any(fault is not None and fault.kind is FaultKind.UNSCHEDULABLE for fault in self.faults)

    @property
    def tag(self) -> str:
        return tag_of(self.containers[0][1])


@dataclass
class ReplicaSetState:
    name: str
    uid: str
    hash: str
    template: Template
    created: float
    number: int
    annotations: dict[str, str]
    history: tuple[int, ...] = ()
    """The numbers that it bore before, as in the revision-history annotation."""
    desired: int = 0
    pods: list[PodState] = field(default_factory=list)

    @property
    def active(self) -> list[PodState]:
        return [pod for pod in self.pods if pod.active]

    def available(self, at: float) -> int:
        return sum(pod.available(at) for pod in self.active)

    def renumber(self, number: int) -> None:
        self.history = (*self.history, self.number)
        self.number = number


@dataclass(frozen=True)
class Counts:
    """The numbers of a Deployment's status."""

    replicas: int = 0
    updated: int = 0
    available: int = 0


@dataclass
class DeploymentState:
    ref: WorkloadRef
    uid: str
    created: float
    template: Template
    labels: dict[str, str]
    annotations: dict[str, str]
    replicas: int
    resource_version: int
    progress_deadline: float
    history_limit: int
    strategy: Strategy = ROLLING
    paused: bool = False
    generation: int = 1
    observed_generation: int = 0
    observe_at: float = 0.0
    """When the controller gets to see the newest generation."""
    counts: Counts = Counts()
    progress_reason: str = ""
    progress_message: str = ""
    progressed_at: float = 0.0
    sets: list[ReplicaSetState] = field(default_factory=list)
    accounted: float = 0.0
    """Until when the pods' traffic was counted."""
    summed_at: float = 0.0
    """When the status is summed up again, after the first look at a new generation."""
    departed: dict[str, str] = field(default_factory=dict)
    """Pods that are gone and whose names do not tell: name → UID of their ReplicaSet."""
    no_more_pods: str = ""
    """Why no pod can be made: a quota, or an admission webhook that does not answer."""
    controller: str = ""
    """Its controlling owner reference, as ``Kind/name``."""
    writers: dict[str, float] = field(default_factory=dict)
    """Field managers that own fields of the template, each with its last write."""
    due: float = math.inf
    """When it is processed next."""
    seen: tuple[Any, ...] = ()
    """The signature after the last processing."""

    @property
    def hash(self) -> str:
        return template_hash(self.template)

    @property
    def current(self) -> ReplicaSetState | None:
        wanted = self.hash
        return next((own for own in self.sets if own.hash == wanted), None)

    @property
    def pods(self) -> list[PodState]:
        return [pod for own in self.sets for pod in own.pods]

    def inherited(self) -> dict[str, str]:
        """The annotations that the controller copies to the current ReplicaSet."""
        return {name: value for name, value in self.annotations.items() if name not in KEPT_BY_UNDO}

    def next_change(self, at: float) -> float:
        """When something happens by itself: a pod, the controller's look, the progress deadline."""
        moments = [self.summed_at, *(pod.next_change(at) for pod in self.pods)]
        if self.observed_generation < self.generation:
            moments.append(self.observe_at)
        if self.progress_reason not in SETTLED:
            moments.append(self.progressed_at + self.progress_deadline)
        return min((moment for moment in moments if moment > at + EPSILON), default=math.inf)

    def signature(self, at: float) -> tuple[Any, ...]:
        """Differs whenever a watcher of the Deployment, its ReplicaSets and pods would have heard of it."""
        return (
            self.resource_version,
            self.no_more_pods,
            tuple((own.uid, own.number, own.desired) for own in self.sets),
            tuple(pod.signature(at) for pod in self.pods),
        )
