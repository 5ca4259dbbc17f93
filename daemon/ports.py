"""What the engine needs of the world. Each protocol is as small as its caller's need.

Adapters raise only the errors below; whatever a client library raises is translated at the border, chained.
Nothing here retries: :class:`Unavailable` means "ask again later", and the engine's one loop does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from daemon.core.case.case import Case, EffectOutcome
from daemon.core.case.incident import Incident
from daemon.core.judge.recovery import Health as Health
from daemon.core.model import Pod, Revision, Workload, WorkloadRef
from daemon.core.rollout_facts.configuration import ObjectVersion, Reference
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Drift
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.core.rollout_facts.endpoints import Endpoint
from daemon.core.runs import RunResult, Task
from daemon.core.signals.sample import Reading, Sample
from daemon.core.value import Value


class PortError(Exception):
    """An adapter could not do what it was asked; the message is one sentence for people."""


class Unavailable(PortError):
    """Temporary: the other side is down, slow, overloaded or refuses for now, or does not know us (401), as
    while a token is rotated."""


class Denied(PortError):
    """The other side says that we may not (403): a person must change something, and may at any time."""


class Rejected(PortError):
    """The request itself is wrong (invalid query, invalid object): asking again is useless."""


class Missing(PortError):
    """The object is not there."""


class Conflict(PortError):
    """The object changed since it was read, or exists already."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, timezone-aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Cluster(Protocol):
    """The guarded Deployments, kept current by the adapter."""

    def workloads(self) -> Sequence[Workload]:
        """All guarded Deployments that exist. Raises Unavailable while the first list is not complete."""
        ...

    def workload(self, ref: WorkloadRef) -> Workload | None:
        """One of them; ``None`` when it does not exist (any more). Raises as :meth:`workloads`."""
        ...

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        """A revision's raw pod template, without the pod-template-hash label."""
        ...

    def fresh(self) -> bool:
        """Whether every watch has proven itself alive within its deadline."""
        ...

    def server_time(self) -> datetime | None:
        """The API server's time of day now, to a second or so; ``None`` while it is not known."""
        ...


class RollbackResult(Value, frozen=True):
    """How a rollback ended: done (with ``already`` when the world was there before), superseded, refused.

    ``generation`` is the Deployment's after the write, 0 where it is not known.
    """

    outcome: EffectOutcome
    detail: str
    already: bool = False
    generation: int = 0


class Actuator(Protocol):
    def undo(
        self, ref: WorkloadRef, uid: str, *, judged: Revision, target: Revision, token: str = ""
    ) -> RollbackResult:
        """Give the Deployment the target's template, if the judged rollout is still the current one.

        The write leaves ``token``, which is unique to the intent, on the Deployment. Idempotent: with the
        target's template in place, or with the token found, it reports done and writes nothing, whatever was
        applied since. A template that is neither, or a later rollout of the judged one, is superseded. With a
        token it raises Unavailable while the controller has not seen the newest write, for then nobody can
        tell which rollout is current. Raises Unavailable, Denied.
        """
        ...

    def restart_target(
        self, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
    ) -> RollbackResult:
        """Have all pods started anew, as ``kubectl rollout restart`` does, if the target's template is there.

        ``at`` is the annotation's value, the same for the same intent. The write leaves ``token`` on the
        Deployment. Idempotent as :meth:`undo`; any other template than the target's is superseded. Raises
        Unavailable, Denied.
        """
        ...


class CaseStore(Protocol):
    def cases(self) -> Sequence[Case]:
        """All readable cases of the guarded namespaces. Raises Unavailable, Denied."""
        ...

    def of(self, ref: WorkloadRef) -> Sequence[Case]:
        """The readable cases of one workload, at a cost that other workloads' do not add to. Raises as
        :meth:`cases`."""
        ...

    def unfinished(self) -> Sequence[Case]:
        """Those that are active or have effects pending, at the same cost. Raises as :meth:`cases`."""
        ...

    def unreadable(self) -> Mapping[str, str]:
        """``namespace/name`` of stored cases that make no sense → what is wrong, as last seen."""
        ...

    def get(self, namespace: str, name: str) -> Case:
        """Raises Missing, Unavailable, Denied, Rejected (stored, and makes no sense)."""
        ...

    def create(self, case: Case) -> Case:
        """Store a new case with its status. Raises Conflict when the name exists, Unavailable, Denied."""
        ...

    def save(self, case: Case) -> Case:
        """Write the status. Raises Conflict when someone wrote since the read, Missing, Unavailable."""
        ...

    def instruct(self, case: Case) -> Case:
        """Write the spec's instruction. Raises as :meth:`save`."""
        ...

    def delete(self, case: Case) -> None:
        """Remove a case; one that is gone already is fine."""
        ...


class Metrics(Protocol):
    def read(self, signal: str) -> Reading:
        """The signal's newest samples over the fleet, in one query. Troubles are in the reading."""
        ...

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The samples of a span of time, each scrape once. Raises Unavailable, Rejected."""
        ...


class Gauge(Value, frozen=True):
    """One reporter's newest word on a dependency: reached while ``value`` is over 0.

    ``at`` is the scrape's own time in Unix seconds. ``namespace`` and ``pod`` are empty for a series that
    carries none, such as an exporter's.
    """

    namespace: str
    pod: str
    at: float
    value: float


class GaugeReading(Value, frozen=True):
    """What all reporters say of a dependency at ``taken_at`` (Unix seconds, the metrics server's time).

    ``problem`` set means that nothing is known.
    """

    taken_at: float
    gauges: tuple[Gauge, ...] = ()
    problem: str = ""


class Gauges(Protocol):
    def gauge(self, dependency: str) -> GaugeReading:
        """The newest values, in one query for the fleet. Troubles are in the reading."""
        ...

    def last_reached(self, dependency: str, seconds: float) -> tuple[Gauge, ...]:
        """When each reporter was last seen over 0 within the last ``seconds``, gone ones included.

        Raises Unavailable, Rejected.
        """
        ...


class Neighbour(Value, frozen=True):
    """A group of pods that others depend on, as last seen; ``pods`` name those that are there."""

    name: str
    healthy: bool
    since: datetime
    """When it took this state, as far as it was seen."""
    detail: str
    pods: tuple[str, ...] = ()


class Neighbours(Protocol):
    def neighbours(self, namespace: str) -> Sequence[Neighbour]:
        """Those of a namespace that have pods, or had some. Raises Unavailable when that is not known now."""
        ...


class Nodes(Protocol):
    def trouble(self, node: str) -> str:
        """What is wrong with a node, in words; empty when nothing is. Answers within few seconds.

        Raises Denied, Missing, Unavailable.
        """
        ...


class Configuration(Protocol):
    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        """A ConfigMap's or Secret's version, never what it holds; ``ABSENT`` where it is not there.

        Answers within few seconds. Raises Denied, Unavailable.
        """
        ...


class ConfigurationCopies(Protocol):
    """What ConfigMaps hold, and the daemon's own copies of it. Of Secrets nothing is asked."""

    def look(self, namespace: str, name: str) -> ConfigMapState:
        """A ConfigMap as it is. Answers within few seconds. Raises Denied, Unavailable."""
        ...

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        """Have a copy of what the ConfigMap holds, while that is the content of this digest.

        The copy goes with the Deployment of this UID at the latest. ``False``: it holds something else by
        now, and nothing was kept. Harmless when repeated. Raises Rejected (more than ``LARGEST`` bytes),
        Denied, Unavailable.
        """
        ...

    def kept(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        """Whether there is a copy, and it holds what it says. Raises Denied, Unavailable."""
        ...

    def drop(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> None:
        """Delete a copy; one that is gone already is fine. Raises Denied, Unavailable."""
        ...


class ConfigurationRestorer(Protocol):
    def restore(self, ref: WorkloadRef, uid: str, drift: Drift, token: str) -> RollbackResult:
        """Give the ConfigMap the content of ``drift.digest``, if nobody wrote it since ``drift.seen``.

        One that is gone is made again. Idempotent: with that content in place it reports done and writes
        nothing. One that was written since, by whomever, is superseded, and so is one that was deleted or
        made since. The write leaves ``token`` on the ConfigMap, so that words can tell whose it was. No
        copy, an immutable ConfigMap, or what the API server does not accept, is refused. Raises Unavailable,
        Denied.
        """
        ...


class LogTail(Value, frozen=True):
    """The newest lines of a container's log, oldest first. ``cut``: there were more than could be read."""

    lines: tuple[str, ...] = ()
    cut: bool = False


class Logs(Protocol):
    def tail(self, namespace: str, pod: str, container: str, *, seconds: float, lines: int) -> LogTail:
        """At most so many lines that the container's present run wrote in the last ``seconds``; none where
        it has not started. Long lines are cut. Answers within few seconds.

        Raises Denied, Missing (no such pod), Rejected (no such container), Unavailable.
        """
        ...


class ObjectEvents(Protocol):
    def warnings(self, namespace: str, uid: str) -> tuple[ObjectEvent, ...]:
        """The warnings about one object that are still kept, some 50 at most. Answers within few seconds.

        Raises Denied, Unavailable.
        """
        ...


class HealthProbe(Protocol):
    def probe(self, pods: Sequence[Pod], endpoints: Sequence[Endpoint]) -> tuple[Health, ...]:
        """Ask each endpoint of each pod once, with a short timeout, in their order. Never raises."""
        ...


class Order(Value, frozen=True):
    """Something to run. ``id`` is unique to the intent (a case's UID and its step) and outlives the process.

    ``pods`` are those of the revision that may be asked, ``template`` is its raw pod template. ``timeout`` in
    seconds, from the beginning to the last byte.
    """

    id: str
    ref: WorkloadRef
    task: Task
    timeout: float
    template: Mapping[str, Any] = {}
    pods: tuple[Pod, ...] = ()


class Runner(Protocol):
    """Runs tasks of one kind. It blocks, for little longer than the order's timeout."""

    def repeatable(self, task: Task) -> bool:
        """Whether an order that a process began which has died may be given again: its run is found, or a
        second one does no harm. Where not, nobody can find out how it ended: that is unknown, and stays so.
        """
        ...

    def run(self, order: Order) -> RunResult:
        """How it ended; whatever was begun is a result. A repeatable order that was given before is found.

        Raises, where nothing was begun: Unavailable (ask again), Denied, Missing (no pod or container to run
        in), Rejected (the task makes no sense; asking again is useless). A repeatable one may raise
        Unavailable later as well.
        """
        ...


Sweep = Callable[[Order], None]
"""Take away what an order left behind, once its result is stored. Raises as :meth:`Runner.run`."""


class IncidentSink(Protocol):
    name: str

    def publish(self, incident: Incident) -> str:
        """Deliver one stage of an incident; returns a reference for people. Repeats must be harmless.

        Raises Unavailable (ask again), Denied, Rejected (give up).
        """
        ...


class DefectReporter(Protocol):
    def report(self, error: Exception, *, edge: str, about: str) -> None:
        """Have people hear of a defect of the daemon's own.

        ``edge`` names the loop that caught it, ``about`` the case or workload it was busy with, if any. Of
        the exception only its type and its lines of code leave the process: its text may hold a secret.
        Raises Unavailable (ask again), Denied, Rejected.
        """
        ...


Notify = Callable[[WorkloadRef], None]
"""What the cluster adapter calls when something of a workload changed."""
