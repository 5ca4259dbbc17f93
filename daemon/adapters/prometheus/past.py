"""One workload's history in Prometheus, read slowly: it shares the server with those who need it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from daemon.adapters.prometheus.client import Answer, PrometheusClient
from daemon.adapters.prometheus.narrowing import all_matchers, narrowed
from daemon.adapters.prometheus.promql import Grouping
from daemon.adapters.prometheus.rows import Key, number
from daemon.adapters.prometheus.sources import queries_for
from daemon.core.model import WorkloadRef
from daemon.core.signals.sample import Sample
from daemon.ports import Clock, Gauge, PortError
from daemon.settings import (
    CounterPair,
    DependencySettings,
    PrometheusSettings,
    SignalSettings,
    SlowShare,
    Source,
)
from daemon.settings.promql_names import label, labels, quoted, selector

PATIENCE = 60.0
"""Seconds at least for one query: long spans take longer than the newest values."""

Sleep = Callable[[float], None]


class Scope:
    """The workload's own series: matchers that keep the others' out, and how they are grouped."""

    def __init__(self, ref: WorkloadRef, pattern: str, settings: PrometheusSettings) -> None:
        self.namespace = ref.namespace
        self.grouping = Grouping(
            namespace=settings.namespace_label,
            pod=settings.pod_label,
            replicas=settings.replica_labels,
        )
        self._in_namespace = f"{label(settings.namespace_label)}={quoted(ref.namespace)}"
        self._matchers = f"{self._in_namespace},{label(settings.pod_label)}=~{quoted(pattern)}"

    def source(self, source: Source) -> Source:
        """The same of this workload alone."""
        match source:
            case CounterPair(bad=bad, total=total):
                return CounterPair(bad=self._bad(bad, total), total=self._narrowed(total))
            case SlowShare(histogram=name, matchers=own, bound=bound):
                return SlowShare(
                    histogram=name, matchers=",".join(all_matchers(self._matchers, own)), bound=bound
                )

    def presence(self, source: Source) -> str:
        """A row for each pod that has the signal's series."""
        match source:
            case CounterPair(total=total):
                expression = self._narrowed(total)
            case SlowShare(histogram=name, matchers=own):
                forms = (f"{name}_count", name)
                both = all_matchers(self._matchers, own)
                expression = "\nor ".join(selector(form, *both) for form in forms)
        # Expressions may end in a comment.
        return f"group {self.grouping.by_pod} (\n{expression}\n)"

    def gauge(self, dependency: DependencySettings) -> str:
        """The lowest value of each reporter, in the workload's namespace where the gauge belongs to one."""
        if dependency.scope == "cluster":
            return f"min by () (\n{dependency.query}\n)"
        return f"min {self.grouping.by_pod} (\n{narrowed(dependency.query, self._in_namespace)}\n)"

    def _narrowed(self, expression: str) -> str:
        return narrowed(expression, self._matchers)

    def _bad(self, bad: str, total: str) -> str:
        narrow, events = self._narrowed(bad), self._narrowed(total)
        if narrow != bad or events == total:
            return narrow
        pod = labels((self.grouping.namespace, self.grouping.pod))
        return f"(\n{bad}\n) and on ({pod}) {events}"


class PacedClient(PrometheusClient):
    """Asks one query after the other, and keeps the server busy for at most ``load`` of the time."""

    def __init__(self, settings: PrometheusSettings, clock: Clock, *, load: float, sleep: Sleep) -> None:
        super().__init__(settings, clock)
        self._clock = clock
        self._load = load
        self._sleep = sleep
        self._rest = 0.0
        self.asked = 0

    def range(self, query: str, start: datetime, end: datetime, *, step: float) -> Answer:
        return self._paced(lambda: super(PacedClient, self).range(query, start, end, step=step))

    def layout(self, query: str, span: tuple[datetime, datetime, float] | None = None) -> Answer:
        return self._paced(lambda: super(PacedClient, self).layout(query, span))

    def _paced(self, ask: Callable[[], Answer]) -> Answer:
        if self._rest > 0:
            self._sleep(self._rest)
        self.asked += 1
        began = self._clock.monotonic()
        try:
            return ask()
        finally:
            self._rest = (self._clock.monotonic() - began) * (1 / self._load - 1)


class PrometheusPast:
    """The ``Past`` port of the backtest. Answers hold the workload's pods alone. Raises PortError."""

    def __init__(
        self,
        settings: PrometheusSettings,
        signals: Sequence[SignalSettings],
        dependencies: Sequence[DependencySettings],
        ref: WorkloadRef,
        pattern: str,
        clock: Clock,
        *,
        load: float,
        sleep: Sleep,
    ) -> None:
        patient = settings.model_copy(update={"timeout": max(settings.timeout, PATIENCE)})
        self.client = PacedClient(patient, clock, load=load, sleep=sleep)
        self._scope = scope = Scope(ref, pattern, settings)
        self._first = signals[0].name
        self._presence = scope.presence(signals[0].source)
        # Who scraped is asked for as well, in two queries, and of a histogram the edges.
        self._costs = {s.name: 4 if isinstance(s.source, SlowShare) else 3 for s in signals}
        self._gauges = {dependency.name: scope.gauge(dependency) for dependency in dependencies}
        self._queries = {
            signal.name: queries_for(scope.source(signal.source), scope.grouping, self.client, clock)
            for signal in signals
        }

    def pods(self, start: float, end: float, step: float) -> Mapping[str, Sequence[float]]:
        grouping = self._scope.grouping
        try:
            answer = self.client.range(self._presence, _time(start), _time(end), step=step)
        except PortError as error:
            raise type(error)(f"signal {self._first}: {error}") from error
        return {
            series.labels[grouping.pod]: [at for at, _ in series.points]
            for series in answer.series
            if series.labels.get(grouping.namespace) == self._scope.namespace
            and grouping.pod in series.labels
        }

    def samples(self, signal: str, start: float, end: float, step: float) -> Sequence[Sample]:
        try:
            decoded = self._queries[signal].past(_time(start), _time(end), step=step)
        except PortError as error:
            raise type(error)(f"signal {signal}: {error}") from error
        once: dict[Key, Sample] = {}
        for sample in decoded.samples:
            mine = sample.namespace == self._scope.namespace and sample.pod not in decoded.problems
            if mine and sample.at <= end:
                once.setdefault((sample.namespace, sample.pod, sample.at), sample)
        return list(once.values())

    def cost(self, signal: str) -> int:
        return self._costs[signal]

    def gauges(self, dependency: str, start: float, end: float, step: float) -> Sequence[Gauge]:
        grouping = self._scope.grouping
        try:
            answer = self.client.range(self._gauges[dependency], _time(start), _time(end), step=step)
            return [
                Gauge(
                    namespace=series.labels.get(grouping.namespace, ""),
                    pod=series.labels.get(grouping.pod, ""),
                    at=at,
                    value=number(text),
                )
                for series in answer.series
                for at, text in series.points
            ]
        except PortError as error:
            raise type(error)(f"dependency {dependency}: {error}") from error

    def close(self) -> None:
        self.client.close()


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
