"""What is read of the world around a rollout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from daemon.core.case.guards.guard import FreezeWindow
from daemon.core.judge.recovery import Health
from daemon.core.model import Pod
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.core.rollout_facts.endpoints import Endpoint
from daemon.core.signals.sample import Reading, Sample
from daemon.core.value import Value


class Calendar(Protocol):
    def frozen(self, freezes: Sequence[str], at: datetime) -> FreezeWindow | None:
        """The first of these freezes that is on at a time, with the end of its window.

        Windows that follow one another without a gap are one. A name that is not known is never on. Where
        none is known to be on, and the calendar of one cannot be read, it is that one with the problem.
        """
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
