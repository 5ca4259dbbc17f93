"""Signals read from Prometheus: one query for a signal and the whole fleet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.narrowing import guarded, narrowed
from daemon.adapters.prometheus.promql import Grouping
from daemon.adapters.prometheus.rows import Key
from daemon.adapters.prometheus.sources import Queries, queries_for, without_labels
from daemon.core.signals.sample import Reading, Sample
from daemon.ports import Clock, PortError, Unavailable
from daemon.settings import PrometheusSettings, SignalSettings

SHORTEST_STEP = 5.0
"""Seconds between two points of a history."""
MOST_POINTS = 11_000
"""Prometheus refuses more points of a series."""
MOST_VALUES = 100_000
"""Values of one history over all pods: some 15 MB while they are decoded."""


CHECKED_EVERY = 300.0
"""Seconds in which it is asked once whether the series of a signal without samples lack the labels: the
question is about the whole cluster."""


class PrometheusMetrics:
    """The ``Metrics`` port. Thread-safe; kept are the edges of histograms, and how many pods there were.

    Where ``namespaces`` are named, plain selectors are asked for these alone.
    """

    def __init__(
        self,
        settings: PrometheusSettings,
        signals: Sequence[SignalSettings],
        clock: Clock,
        *,
        namespaces: Sequence[str] = (),
    ) -> None:
        self.client = PrometheusClient(settings, clock)
        self._clock = clock
        self.grouping = Grouping(
            namespace=settings.namespace_label, pod=settings.pod_label, replicas=settings.replica_labels
        )
        self._guarded = guarded(settings, namespaces)
        self._queries = {
            signal.name: queries_for(self._guarded.source(signal.source), self.grouping, self.client, clock)
            for signal in signals
        }
        self._unlabelled = {signal.name: self._guarded.unlabelled(signal.source) for signal in signals}
        self._pods: dict[str, int] = {}
        self._lacking: dict[str, tuple[float, bool]] = {}
        """Of a signal that has no samples: whether series lack the labels, and until when that counts
        (monotonic)."""

    def read(self, signal: str) -> Reading:
        """The newest samples, or the sentence that says why there are none. Never raises."""
        try:
            decoded = self.queries(signal).now()
            if decoded.samples or decoded.problems:
                self._lacking.pop(signal, None)
            elif self._lacks_labels(signal):
                return self._unread(signal, without_labels(self.client.address, self.grouping))
        except PortError as error:
            self._lacking.pop(signal, None)
            return self._unread(signal, str(error))
        taken_at = decoded.taken_at if decoded.taken_at is not None else self._now()
        self._pods[signal] = len(decoded.samples)
        return Reading(signal=signal, taken_at=taken_at, samples=decoded.samples, problems=decoded.problems)

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The samples scraped from ``start`` to ``end``, each once, oldest first.

        Points are at least 5 s apart, and further where the fleet is large (:data:`MOST_VALUES`): counters
        are cumulative, so nothing that was counted is lost. Pods with an ambiguous answer are left out.
        Raises Unavailable, Rejected.
        """
        try:
            queries = self.queries(signal)
            values = self._pods.get(signal, 1) * queries.parts
            step = history_step((end - start).total_seconds(), values)
            decoded = queries.past(start, end, step=step)
        except PortError as error:
            raise type(error)(f"signal {signal}: {error}") from error
        first, last = start.timestamp(), end.timestamp()
        once: dict[Key, Sample] = {}
        for sample in decoded.samples:
            if first <= sample.at <= last and sample.pod not in decoded.problems:
                once.setdefault((sample.namespace, sample.pod, sample.at), sample)
        return tuple(sorted(once.values(), key=lambda sample: (sample.at, sample.namespace, sample.pod)))

    def queries(self, signal: str) -> Queries:
        """How a signal is asked for. Raises Unavailable for one that is not configured."""
        found = self._queries.get(signal)
        if found is None:
            raise Unavailable(f"no such signal is configured — valid: {', '.join(self._queries)}")
        return found

    def _lacks_labels(self, signal: str) -> bool:
        """Series that lack the labels are in no namespace, so an answer for some leaves them out silently."""
        query, now = self._unlabelled[signal], self._clock.monotonic()
        until, lacking = self._lacking.get(signal, (now, False))
        if query and until <= now:
            lacking = bool(self.client.instant(query).series)
            self._lacking[signal] = (now + CHECKED_EVERY, lacking)
        return lacking

    def _unread(self, signal: str, why: str) -> Reading:
        return Reading(signal=signal, taken_at=self._now(), problem=f"signal {signal}: {why}")

    def narrowed(self, expression: str) -> str:
        """As it is asked for: a plain selector for the guarded namespaces alone."""
        return narrowed(expression, self._guarded.matcher)

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def history_step(span: float, values: int) -> float:
    """Seconds between points of so many values, so that neither the server's limit nor memory is exceeded."""
    least = max(SHORTEST_STEP, span / (MOST_POINTS - 1), span * max(values, 1) / MOST_VALUES)
    return float(math.ceil(least))
