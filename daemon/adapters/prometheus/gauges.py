"""Gauges of what workloads depend on: one query of Prometheus for a dependency and the whole fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.adapters.prometheus.client import Answer, PrometheusClient
from daemon.adapters.prometheus.narrowing import guarded, narrowed
from daemon.adapters.prometheus.promql import PART
from daemon.adapters.prometheus.rows import moment, number
from daemon.ports import Clock, Gauge, GaugeReading, PortError, Unavailable
from daemon.settings import DependencySettings, PrometheusSettings
from daemon.settings.promql_names import labels

VALUE, AT = "value", "at"
STEP = 5
"""Seconds between two looks into the past: a third of the usual scrape interval."""


class PrometheusGauges:
    """The ``Gauges`` port. Thread-safe; the client's connections are its owner's."""

    def __init__(
        self,
        client: PrometheusClient,
        settings: PrometheusSettings,
        dependencies: Sequence[DependencySettings],
        clock: Clock,
        *,
        namespaces: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._guarded = guarded(settings, namespaces)
        self._dependencies = {dependency.name: dependency for dependency in dependencies}

    def gauge(self, dependency: str) -> GaugeReading:
        """What the reporters say, or the sentence that says why nothing is known. Never raises."""
        try:
            by, query = self._parts(dependency)
            answer = self._client.instant(gauge_query(query, by))
            gauges = self._decode(answer)
        except PortError as error:
            now = self._clock.now().timestamp()
            return GaugeReading(taken_at=now, problem=str(error))
        taken_at = next((at for series in answer.series for at, _ in series.points), 0.0)
        return GaugeReading(taken_at=taken_at or self._clock.now().timestamp(), gauges=gauges)

    def last_reached(self, dependency: str, seconds: float) -> tuple[Gauge, ...]:
        """When each was last seen over 0, to :data:`STEP` seconds. Raises Unavailable, Rejected."""
        by, query = self._parts(dependency)
        answer = self._client.instant(reached_query(query, by, seconds))
        return tuple(
            Gauge(namespace=namespace, pod=pod, at=moment(text), value=1.0)
            for series in answer.series
            for _, text in series.points
            for namespace, pod in [self._reporter(series.labels)]
        )

    def _parts(self, dependency: str) -> tuple[str, str]:
        """What to group by, and the dependency's own expression."""
        found = self._dependencies.get(dependency)
        if found is None:
            raise Unavailable(f"no such dependency is configured — valid: {', '.join(self._dependencies)}")
        if found.scope == "cluster":
            return "by ()", found.query
        names = (self._settings.namespace_label, self._settings.pod_label)
        return f"by ({labels(names)})", narrowed(found.query, self._guarded.matcher_or_none)

    def _decode(self, answer: Answer) -> tuple[Gauge, ...]:
        rows: dict[tuple[str, str], dict[str, float]] = {}
        for series in answer.series:
            row = rows.setdefault(self._reporter(series.labels), {})
            for _, text in series.points:
                part = series.labels.get(PART, "")
                row[part] = moment(text) if part == AT else number(text)
        return tuple(
            Gauge(namespace=namespace, pod=pod, at=row[AT], value=row[VALUE])
            for (namespace, pod), row in sorted(rows.items())
            if VALUE in row and AT in row
        )

    def _reporter(self, labels: Mapping[str, str]) -> tuple[str, str]:
        return labels.get(self._settings.namespace_label, ""), labels.get(self._settings.pod_label, "")


def gauge_query(query: str, by: str) -> str:
    """The lowest value of each reporter, and when it was scraped.

    The expression stands on lines of its own: it may end in a comment.
    """
    parts = {VALUE: f"min {by} (\n{query}\n)", AT: f"max {by} (timestamp(\n{query}\n))"}
    return "\nor ".join(
        f'label_replace({expression}, "{PART}", "{part}", "", "")' for part, expression in parts.items()
    )


def reached_query(query: str, by: str, seconds: float) -> str:
    """When the lowest value of each reporter was last seen over 0, gone reporters included."""
    reached = f"timestamp(min {by} (\n{query}\n) > 0)"
    return f"max_over_time({reached}[{seconds:.0f}s:{STEP}s])"
