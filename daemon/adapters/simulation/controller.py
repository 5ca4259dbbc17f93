"""The simulated deployment controller: RollingUpdate and Recreate.

It follows kube-controller-manager's ``pkg/controller/deployment``: which ReplicaSet is the new one, what
number it bears, how far it and the old ones are scaled at each step, and what the status and its
``Progressing`` condition say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from daemon.adapters.simulation.kubelet import EPSILON, Fault, FaultKind, Pace
from daemon.adapters.simulation.objects import (
    NODE,
    SETTLED,
    Counts,
    DeploymentState,
    PodState,
    ReplicaSetState,
)
from daemon.adapters.simulation.pod_lifecycle import Init, Late
from daemon.adapters.simulation.templates import bare, containers_of, inits_of, tag_of, word
from daemon.core.model import LONGEST_PREFIX, Role
from daemon.core.rollout_facts.configuration import Reference, references

CRASHES = Fault(kind=FaultKind.CRASH)
FOLLOWS = 0.1
"""Seconds after which the status tells of the pods what the first look at a new generation made of them."""


class Controller:
    """Brings Deployments nearer to their specs. ``faults`` is read when a pod is made, by image tag."""

    def __init__(self, *, pace: Pace, faults: Mapping[str, Fault], uid: Callable[[str], str]) -> None:
        self.pace = pace
        self._faults = faults
        self._uid = uid
        self._made = 0
        self.spoilt: set[tuple[str, Reference]] = set()
        """ConfigMaps and Secrets, by namespace, with which a pod crashes that starts with them."""
        self.nodes: tuple[str, ...] = (NODE,)
        """Those that take pods, each in its turn."""
        self.late: Late | None = None
        """What keeps pods that are made now from starting."""

    def reconcile(self, deployment: DeploymentState, at: float) -> bool:
        """One look at a Deployment; whether its status changed.

        A generation that it is too early to see leaves everything as it is, but for pods whose end has come.
        """
        for own in deployment.sets:
            if len(f"{own.name}-") > LONGEST_PREFIX:
                deployment.departed |= {pod.name: own.uid for pod in own.pods if pod.gone(at)}
            own.pods = [pod for pod in own.pods if not pod.gone(at)]
        if deployment.observed_generation < deployment.generation and at + EPSILON < deployment.observe_at:
            return False
        for own in deployment.sets:
            self._fill(deployment, own, at)
        new_to_us = deployment.observed_generation < deployment.generation
        new = None if deployment.paused else self._newest(deployment, at)
        # The status sums up the ReplicaSets' own, which follow their pods a moment later.
        counts = _count(deployment, at)
        if new is None:
            self._spread(deployment, at)
        else:
            if deployment.progress_reason == "DeploymentPaused":
                _progress(deployment, at, "DeploymentResumed", "Deployment is resumed")
            while self._step(deployment, new, at):
                pass
        if new_to_us:
            deployment.summed_at = at + FOLLOWS
        else:
            counts = _count(deployment, at)
        changed = self._report(deployment, counts, at)
        if deployment.progress_reason == "NewReplicaSetAvailable":
            _forget(deployment)
        return changed

    def _newest(self, deployment: DeploymentState, at: float) -> ReplicaSetState:
        """The ReplicaSet of the Deployment's template, made or renumbered to bear the highest number."""
        new = deployment.current
        number = 1 + max((own.number for own in deployment.sets if own is not new), default=0)
        if new is None:
            new = self._make(deployment, number, at)
            deployment.sets.append(new)
            _progress(deployment, at, "NewReplicaSetCreated", f'Created new replica set "{new.name}"')
        elif new.number < number:
            # The condition stays what the rollout before left: it is written anew only when something moves.
            new.renumber(number)
        new.annotations = deployment.inherited()
        return new

    def _make(self, deployment: DeploymentState, number: int, at: float) -> ReplicaSetState:
        name = f"{deployment.ref.name}-{deployment.hash}"
        return ReplicaSetState(
            name=name,
            uid=self._uid(f"replicaset/{name}"),
            hash=deployment.hash,
            template=bare(deployment.template),
            created=at,
            number=number,
            annotations={},
        )

    def _step(self, deployment: DeploymentState, new: ReplicaSetState, at: float) -> bool:
        """One round of scaling; whether anything moved."""
        if deployment.strategy.recreate:
            return self._recreate(deployment, new, at)
        moved = self._grow(deployment, new, at)
        return self._shrink(deployment, new, at) or moved

    def _recreate(self, deployment: DeploymentState, new: ReplicaSetState, at: float) -> bool:
        """Pods that are being deleted still run; those that are over do not."""
        old = [own for own in deployment.sets if own is not new]
        moved = [self._scale(deployment, own, 0, at) for own in old]
        if any(moved) or any(not pod.finished for own in old for pod in own.pods):
            return any(moved)
        return self._scale(deployment, new, deployment.replicas, at)

    def _grow(self, deployment: DeploymentState, new: ReplicaSetState, at: float) -> bool:
        room = deployment.replicas + deployment.strategy.surge - sum(own.desired for own in deployment.sets)
        wanted = min(deployment.replicas, new.desired + max(room, 0))
        return self._scale(deployment, new, wanted, at)

    def _shrink(self, deployment: DeploymentState, new: ReplicaSetState, at: float) -> bool:
        """Old pods go: unhealthy ones first, healthy ones only as far as enough others are available."""
        old = sorted((own for own in deployment.sets if own is not new), key=lambda own: own.created)
        least = deployment.replicas - deployment.strategy.unavailable
        total = sum(own.desired for own in deployment.sets)
        unhealthy = max(0, total - least - (new.desired - new.available(at)))
        moved = False
        for own in old:
            drop = min(unhealthy, own.desired - own.available(at))
            if drop > 0:
                unhealthy -= drop
                moved = self._scale(deployment, own, own.desired - drop, at)
        spare = sum(own.available(at) for own in deployment.sets) - least
        for own in old:
            drop = min(max(spare, 0), own.desired)
            if drop > 0:
                spare -= drop
                moved = self._scale(deployment, own, own.desired - drop, at)
        return moved

    def _spread(self, deployment: DeploymentState, at: float) -> None:
        """A paused rollout is only scaled: the largest ReplicaSet takes the difference."""
        if not deployment.sets:
            return
        largest = max(deployment.sets, key=lambda own: (own.desired, own.number))
        difference = deployment.replicas - sum(own.desired for own in deployment.sets)
        if (
            abs(difference) > deployment.strategy.surge
            or len([own for own in deployment.sets if own.desired]) <= 1
        ):
            self._scale(deployment, largest, max(0, largest.desired + difference), at)

    def _scale(self, deployment: DeploymentState, own: ReplicaSetState, wanted: int, at: float) -> bool:
        """The ReplicaSet controller's part: pods made, or deleted with the unready and the youngest first."""
        if wanted == own.desired:
            return False
        own.desired = wanted
        self._fill(deployment, own, at)
        surplus = sorted(own.active, key=lambda pod: (pod.ready(at), -pod.created))
        for pod in surplus[: len(own.active) - wanted]:
            pod.deleted = at
        return True

    def _fill(self, deployment: DeploymentState, own: ReplicaSetState, at: float) -> None:
        """Make the pods that are wanted and not there, as far as the API server lets them be made."""
        while len(own.active) < own.desired and not deployment.no_more_pods:
            own.pods.append(self._pod(deployment, own, at))

    def _pod(self, deployment: DeploymentState, own: ReplicaSetState, at: float) -> PodState:
        self._made += 1
        name = f"{own.name}-"[:LONGEST_PREFIX] + word(f"{deployment.uid}/{self._made}", 5)
        containers = tuple((c["name"], c["image"]) for c in containers_of(own.template))
        return PodState(
            name=name,
            uid=self._uid(f"pod/{name}"),
            ip=f"10.244.{self._made // 250 % 250}.{self._made % 250 + 1}",
            created=at,
            containers=containers,
            faults=tuple(self._fault(deployment, own, image) for _, image in containers),
            pace=self.pace,
            node=self.nodes[self._made % len(self.nodes)],
            min_ready=deployment.strategy.min_ready,
            inits=tuple(self._init(init) for init in inits_of(own.template)),
            late=self.late if self.late is not None and self.late.until > at else None,
        )

    def _init(self, container: Mapping[str, Any]) -> Init:
        role = Role.SIDECAR if container.get("restartPolicy") == "Always" else Role.INIT
        fault = self._faults.get(tag_of(container["image"]))
        return Init(name=container["name"], image=container["image"], role=role, fault=fault)

    def _fault(self, deployment: DeploymentState, own: ReplicaSetState, image: str) -> Fault | None:
        read = {(deployment.ref.namespace, reference) for reference in references(own.template)}
        return CRASHES if read & self.spoilt else self._faults.get(tag_of(image))

    def _report(self, deployment: DeploymentState, counts: Counts, at: float) -> bool:
        """Write the status; whether it says something new."""
        before = (
            deployment.counts,
            deployment.observed_generation,
            deployment.progress_reason,
            deployment.progress_message,
        )
        if deployment.paused:
            _progress(deployment, at, "DeploymentPaused", "Deployment is paused")
        else:
            _judge_progress(deployment, counts, at)
        deployment.counts = counts
        deployment.observed_generation = deployment.generation
        return before != (
            deployment.counts,
            deployment.observed_generation,
            deployment.progress_reason,
            deployment.progress_message,
        )


def _count(deployment: DeploymentState, at: float) -> Counts:
    new = deployment.current
    return Counts(
        replicas=sum(len(own.active) for own in deployment.sets),
        updated=len(new.active) if new else 0,
        available=sum(own.available(at) for own in deployment.sets),
    )


def _judge_progress(deployment: DeploymentState, counts: Counts, at: float) -> None:
    new, old = deployment.current, deployment.counts
    name = f'ReplicaSet "{new.name}"' if new else "Deployment"
    wanted = deployment.replicas
    settled = deployment.progress_reason == "NewReplicaSetAvailable" and counts.replicas == counts.updated
    if counts == Counts(replicas=wanted, updated=wanted, available=wanted):
        if deployment.progress_reason != "NewReplicaSetAvailable":
            _progress(deployment, at, "NewReplicaSetAvailable", f"{name} has successfully progressed.")
    elif settled:
        return  # a finished rollout stays finished, whatever befalls its pods later
    elif _advanced(old, counts):
        _progress(deployment, at, "ReplicaSetUpdated", f"{name} is progressing.")
    elif deployment.progress_reason in SETTLED:
        return  # what timed out stays so, in the words of the rollout that did
    elif at + EPSILON >= deployment.progressed_at + deployment.progress_deadline:
        deployment.progress_reason = "ProgressDeadlineExceeded"
        deployment.progress_message = f"{name} has timed out progressing."


def _advanced(old: Counts, new: Counts) -> bool:
    return (
        new.updated > old.updated
        or new.replicas - new.updated < old.replicas - old.updated
        or new.available > old.available
    )


def _progress(deployment: DeploymentState, at: float, reason: str, message: str) -> None:
    deployment.progress_reason, deployment.progress_message = reason, message
    deployment.progressed_at = at


def _forget(deployment: DeploymentState) -> None:
    """Old, empty ReplicaSets beyond the history limit are deleted, the lowest numbers first."""
    current = deployment.current
    old = sorted(
        (own for own in deployment.sets if own is not current and not own.desired and not own.pods),
        key=lambda own: own.number,
    )
    for own in old[: max(0, len(old) - deployment.history_limit)]:
        deployment.sets.remove(own)
