"""The twins of the simulation, with calls that can be made to fail. Benchmarks use them as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.adapters.simulation.cases import Key, MemoryCaseStore
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.logs import MemoryLogs
from daemon.adapters.simulation.object_events import MemoryObjectEvents
from daemon.adapters.simulation.rights import MemoryRights
from daemon.adapters.simulation.runner import MemoryRunner, Program, Start
from daemon.adapters.simulation.sinks import MemorySink
from daemon.adapters.simulation.surroundings import MemorySurroundings
from daemon.core.case.case import Case
from daemon.core.case.incident import Incident
from daemon.core.case.steps.step import Right
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.core.runs import HttpCall, Kind, RunResult
from daemon.ports import Clock, Gauge, GaugeReading, LogTail, Neighbour, Order, PortError, RollbackResult
from tests.simulation.accidents import Accidents
from tests.simulation.troubles import Killed, Troubles


class FaultyCluster(MemoryCluster):
    """``undos`` and ``restarts`` are what goes wrong with acting, ``accidents`` what befalls pods."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._read_error: PortError | None = None
        self._snapshot: dict[WorkloadRef, Workload] | None = None
        self.undos = Troubles()
        self.restarts = Troubles()
        self.accidents = Accidents(self._settled, self._simulation)

    def fail_reads(self, error: PortError | None) -> None:
        """Every read raises ``error`` and the watches are not fresh, until called with ``None``."""
        with self._lock:
            self._read_error = error

    def freeze_watches(self, frozen: bool) -> None:
        """Reads repeat what was last seen and are not fresh, as with watches that hang."""
        with self._settled():
            states = self._simulation.deployments
            self._snapshot = {ref: self._view(state) for ref, state in states.items()} if frozen else None

    def workloads(self) -> Sequence[Workload]:
        self._check()
        return super().workloads() if self._snapshot is None else tuple(self._snapshot.values())

    def workload(self, ref: WorkloadRef) -> Workload | None:
        self._check()
        return super().workload(ref) if self._snapshot is None else self._snapshot.get(ref)

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        self._check()
        return super().template(ref, revision)

    def fresh(self) -> bool:
        return self._snapshot is None and self._read_error is None

    def server_time(self) -> datetime | None:
        return super().server_time() if self._read_error is None else None

    def undo(
        self, ref: WorkloadRef, uid: str, *, judged: Revision, target: Revision, token: str = ""
    ) -> RollbackResult:
        with self.undos.call():
            return super().undo(ref, uid, judged=judged, target=target, token=token)

    def restart_target(
        self, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
    ) -> RollbackResult:
        with self.restarts.call():
            return super().restart_target(ref, uid, target=target, at=at, token=token)

    def _check(self) -> None:
        with self._settled():
            if self._read_error is not None:
                raise self._read_error


class FaultyCaseStore(MemoryCaseStore):
    """``reads`` and ``writes`` are what goes wrong. A creation is two writes."""

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.reads = Troubles()
        self.writes = Troubles()

    def _read(self, keys: Callable[[], Iterable[Key]]) -> Sequence[Case]:
        with self.reads.call():
            return super()._read(keys)

    def get(self, namespace: str, name: str) -> Case:
        with self.reads.call():
            return super().get(namespace, name)

    def _insert(self, case: Case) -> str:
        with self.writes.call():
            return super()._insert(case)

    def save(self, case: Case) -> Case:
        with self.writes.call():
            return super().save(case)

    def instruct(self, case: Case) -> Case:
        with self.writes.call():
            return super().instruct(case)

    def delete(self, case: Case) -> None:
        with self.writes.call():
            super().delete(case)


class FaultySink(MemorySink):
    """``troubles`` is what goes wrong with publishing."""

    def __init__(self, name: str = "memory") -> None:
        super().__init__(name)
        self.troubles = Troubles()

    def publish(self, incident: Incident) -> str:
        with self.troubles.call():
            return super().publish(incident)


class FaultySurroundings(MemorySurroundings):
    """``gauges``, ``neighbours`` and ``nodes`` can be made unreadable."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._errors: dict[str, PortError] = {}

    def fail(self, what: str, error: PortError | None) -> None:
        """``gauges``, ``neighbours`` or ``nodes`` cannot be read, until called with ``None``."""
        self._errors.pop(what, None)
        if error is not None:
            self._errors[what] = error

    def gauge(self, dependency: str) -> GaugeReading:
        if "gauges" in self._errors:
            taken_at = self._clock.now().timestamp()
            return GaugeReading(taken_at=taken_at, problem=str(self._errors["gauges"]))
        return super().gauge(dependency)

    def last_reached(self, dependency: str, seconds: float) -> tuple[Gauge, ...]:
        self._raise("gauges")
        return super().last_reached(dependency, seconds)

    def neighbours(self, namespace: str) -> Sequence[Neighbour]:
        self._raise("neighbours")
        return super().neighbours(namespace)

    def trouble(self, node: str) -> str:
        self._raise("nodes")
        return super().trouble(node)

    def _raise(self, what: str) -> None:
        if what in self._errors:
            raise self._errors[what].with_traceback(None)


class FaultyLogs(MemoryLogs):
    """``reads`` is what goes wrong with reading."""

    def __init__(self, cluster: MemoryCluster, clock: Clock) -> None:
        super().__init__(cluster, clock)
        self.reads = Troubles()

    def tail(self, namespace: str, pod: str, container: str, *, seconds: float, lines: int) -> LogTail:
        with self.reads.call():
            return super().tail(namespace, pod, container, seconds=seconds, lines=lines)


class FaultyObjectEvents(MemoryObjectEvents):
    """``reads`` is what goes wrong with reading."""

    def __init__(self, cluster: MemoryCluster) -> None:
        super().__init__(cluster)
        self.reads = Troubles()

    def warnings(self, namespace: str, uid: str) -> tuple[ObjectEvent, ...]:
        with self.reads.call():
            return super().warnings(namespace, uid)


class FaultyRights(MemoryRights):
    """``reads`` is what goes wrong with asking."""

    def __init__(self, granted: Iterable[tuple[str, Right]] | None = None) -> None:
        super().__init__(granted)
        self.reads = Troubles()

    def may(self, namespace: str, right: Right) -> bool:
        with self.reads.call():
            return super().may(namespace, right)


class FaultyRunner(MemoryRunner):
    """``calls`` is what goes wrong with beginning."""

    def __init__(self, kind: Kind, programs: Mapping[str, Program | Start] | None = None) -> None:
        super().__init__(kind, programs)
        self.calls = Troubles()
        self._deadly: tuple[str, bool] | None = None

    def crash_at(self, command: str, *, made: bool) -> None:
        """Raise :class:`Killed` at the next run of a command (its words joined by spaces), once: before it is
        begun, or with it done and unheard."""
        self._deadly = (command, made)

    def run(self, order: Order) -> RunResult:
        words = () if isinstance(order.task, HttpCall) else order.task.command
        if self._deadly is None or " ".join(words) != self._deadly[0]:
            with self.calls.call():
                return super().run(order)
        (_, made), self._deadly = self._deadly, None
        if made:
            super().run(order)
        raise Killed(str(words))
