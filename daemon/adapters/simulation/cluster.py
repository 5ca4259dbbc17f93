"""A cluster in memory: API server, deployment controller and kubelet for plain Deployments."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from daemon.adapters.simulation import view
from daemon.adapters.simulation.actuator import MemoryActuator
from daemon.adapters.simulation.kubelet import Fault, Pace
from daemon.adapters.simulation.objects import CHANGE_CAUSE, ROLLING, DeploymentState, Strategy
from daemon.adapters.simulation.simulation import Meter, Server, Simulation
from daemon.adapters.simulation.templates import (
    RESTARTED_AT,
    bare,
    simple_template,
    with_annotation,
    with_image,
)
from daemon.adapters.simulation.undo import candidate, give_template
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.ports import Clock, Missing, Notify

DEFAULT_PACE = Pace()


class MemoryCluster(MemoryActuator):
    """Implements :class:`daemon.ports.Cluster` and :class:`daemon.ports.Actuator`, and what people do.

    Time is the clock's: whoever looks, writes or calls :meth:`tick` sees everything that was due until then.
    Listeners are called by the thread that found the change, with no lock held. ``lag`` is how long the
    controller takes to see a write; until then a new template has no ReplicaSet and the workload no current
    revision.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        pace: Pace = DEFAULT_PACE,
        lag: float = 0.2,
        faults: Mapping[str, Fault] | None = None,
        seed: int = 0,
    ) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._simulation = Simulation(clock, pace=pace, lag=lag, seed=seed)
        self._simulation.faults.update(faults or {})
        self._listeners: list[Notify] = []

    # What the daemon asks

    def workloads(self) -> Sequence[Workload]:
        with self._settled():
            return tuple(self._view(state) for state in self._simulation.deployments.values())

    def workload(self, ref: WorkloadRef) -> Workload | None:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            return self._view(state) if state is not None else None

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        with self._settled():
            state = self._simulation.deployments.get(ref)
            sets = state.sets if state is not None else []
            return next((bare(own.template) for own in sets if own.uid == revision.replica_set_uid), None)

    def fresh(self) -> bool:
        return True

    def server_time(self) -> datetime | None:
        return self._clock.now()

    # What people and other controllers do

    def apply(
        self,
        ref: WorkloadRef,
        template: Mapping[str, Any] | None = None,
        *,
        image: str = "",
        replicas: int = 3,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        progress_deadline: float = 600.0,
        history_limit: int = 10,
        strategy: Strategy = ROLLING,
    ) -> None:
        """Create the Deployment, or bring it to this template, or to a simple one of this image."""
        if (template is None) == (not image):
            raise ValueError(f"applying {ref} needs a template or an image: pass exactly one of them")
        wanted = bare(template) if template is not None else simple_template(ref.name, image)
        with self._settled():
            state = self._simulation.deployments.get(ref)
            if state is None:
                state = DeploymentState(
                    ref=ref,
                    uid=self._simulation.uid(f"deployment/{ref}"),
                    created=self._simulation.at,
                    template=wanted,
                    labels=dict(labels or {}),
                    annotations=dict(annotations or {}),
                    replicas=replicas,
                    resource_version=self._simulation.version(),
                    progress_deadline=progress_deadline,
                    history_limit=history_limit,
                    strategy=strategy,
                )
                self._simulation.add(state)
                return
            different = (state.template, state.replicas) != (wanted, replicas)
            state.template, state.replicas = wanted, replicas
            state.labels.update(labels or {})
            state.annotations.update(annotations or {})
            state.progress_deadline, state.history_limit = progress_deadline, history_limit
            state.strategy = strategy
            self._simulation.written(state, spec=different)

    def set_image(
        self, ref: WorkloadRef, image: str, *, change_cause: str = "", manager: str = "kubectl-set"
    ) -> None:
        """``kubectl set image`` for the first container, or whoever else the field manager is."""
        with self._editing(ref) as state:
            template = with_image(state.template, image)
            if template != state.template:
                state.template = template
                state.writers[manager] = self._simulation.at
            if change_cause:
                state.annotations[CHANGE_CAUSE] = change_cause

    def annotate_template(self, ref: WorkloadRef, name: str, value: str) -> None:
        """Change the template in nothing but an annotation, as ``checksum/config`` does."""
        with self._editing(ref) as state:
            state.template = with_annotation(state.template, name, value)

    def restart(self, ref: WorkloadRef) -> None:
        """``kubectl rollout restart``."""
        self.annotate_template(ref, RESTARTED_AT, self._clock.now().isoformat(timespec="seconds"))

    def undo_by_somebody(self, ref: WorkloadRef, to_number: int = 0) -> None:
        """``kubectl rollout undo [--to-revision]``. Raises Rejected as kubectl does, Missing."""
        with self._editing(ref) as state:
            give_template(state, candidate(state, to_number))

    def scale(self, ref: WorkloadRef, replicas: int) -> None:
        with self._editing(ref) as state:
            state.replicas = replicas

    def pause(self, ref: WorkloadRef) -> None:
        with self._editing(ref) as state:
            state.paused = True

    def resume(self, ref: WorkloadRef) -> None:
        with self._editing(ref) as state:
            state.paused = False

    def label(self, ref: WorkloadRef, name: str, value: str) -> None:
        """Metadata alone: a new resourceVersion and no new generation."""
        with self._settled():
            state = self._find(ref)
            state.labels[name] = value
            self._simulation.written(state, spec=False)

    def annotate(self, ref: WorkloadRef, name: str, value: str | None) -> None:
        """``kubectl annotate`` of the Deployment itself; ``None`` takes it off."""
        with self._editing(ref) as state:
            state.annotations.pop(name, None)
            if value is not None:
                state.annotations[name] = value

    def delete(self, ref: WorkloadRef) -> None:
        """Delete the Deployment and all that it owns; one that is gone already is fine."""
        with self._settled():
            self._simulation.remove(ref)

    def delete_replica_set(self, ref: WorkloadRef, replica_set_uid: str) -> None:
        """Delete a scaled-down ReplicaSet, as a tidy person or another history limit would."""
        with self._settled():
            state = self._find(ref)
            state.sets = [own for own in state.sets if own.uid != replica_set_uid or own.desired]
            self._simulation.changed.add(ref)

    # How the simulation is driven

    def tick(self, now: datetime | None = None) -> None:
        """Let happen what is due until ``now``, and notify the listeners."""
        with self._settled(now):
            pass

    def fault(self, tag: str, fault: Fault | None) -> None:
        """What is wrong with pods made of this image tag from now on."""
        with self._settled():
            self._simulation.faults.pop(tag, None)
            if fault is not None:
                self._simulation.faults[tag] = fault

    def on_change(self, notify: Notify) -> None:
        with self._lock:
            self._listeners.append(notify)

    def meter(self, meter: Meter) -> None:
        """Have somebody account for the pods' time from now on."""
        with self._settled():
            self._account()
            self._simulation.meters.append(meter)

    def account(self) -> None:
        """Notify the meters of everything up to the clock's time."""
        with self._settled():
            self._account()

    def server(self, pod: str) -> Server | None:
        """A pod as its clients meet it, whatever has become of the API server; ``None`` where it is gone."""
        with self._settled():
            return self._simulation.server(pod)

    def _account(self) -> None:
        for state in self._simulation.deployments.values():
            self._simulation.account(state)

    def _view(self, state: DeploymentState) -> Workload:
        return view.workload(state, self._simulation.at, self._simulation.moment)

    def _find(self, ref: WorkloadRef) -> DeploymentState:
        state = self._simulation.deployments.get(ref)
        if state is None:
            raise Missing(f"Deployment {ref} does not exist: apply it first")
        return state

    @contextmanager
    def _editing(self, ref: WorkloadRef) -> Iterator[DeploymentState]:
        """Somebody writes the spec or the annotations, and each makes a new generation of a Deployment.

        A write that changes nothing is none, as with the API server.
        """
        with self._settled():
            state = self._find(ref)
            before = (state.template, state.replicas, state.paused)
            annotations = dict(state.annotations)
            yield state
            after = (state.template, state.replicas, state.paused)
            if after != before or state.annotations != annotations:
                self._simulation.written(state)

    @contextmanager
    def _settled(self, now: datetime | None = None) -> Iterator[None]:
        """The lock, with the simulation at the clock's time; the listeners hear afterwards, unlocked."""
        try:
            with self._lock:
                self._simulation.settle(now)
                yield
        finally:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            changed, listeners = sorted(self._simulation.changed), tuple(self._listeners)
            self._simulation.changed.clear()
        for ref in changed:
            for notify in listeners:
                notify(ref)
