"""Signals read from Prometheus: one query for a signal and the whole fleet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from daemon.adapters.prometheus_client import Answer, PrometheusClient
from daemon.adapters.promql import PART, Part, fleet_query
from daemon.core.model import Reading, Sample, Value
from daemon.ports import Clock, PortError, Unavailable
from daemon.settings import PrometheusSettings, SignalSettings

SHORTEST_STEP = 5.0
"""Seconds between two points of a history."""
MOST_POINTS = 11_000
"""Prometheus refuses more points of a series."""
MOST_VALUES = 100_000
"""Values of one history over all pods: some 15 MB while they are decoded."""

Key = tuple[str, str, float]
"""Namespace, pod, and a time in Unix seconds."""


class Decoded(Value, frozen=True):
    samples: tuple[Sample, ...]
    problems: Mapping[str, str]
    unlabelled: bool
    """Whether some series lack the pod or namespace label."""


class PrometheusMetrics:
    """The ``Metrics`` port. Thread-safe; nothing is cached but how many pods a signal had."""

    def __init__(self, settings: PrometheusSettings, signals: Sequence[SignalSettings], clock: Clock) -> None:
        self.client = PrometheusClient(settings, clock)
        self._settings = settings
        self._clock = clock
        self._queries = {
            signal.name: fleet_query(
                signal.bad,
                signal.total,
                namespace_label=settings.namespace_label,
                pod_label=settings.pod_label,
            )
            for signal in signals
        }
        self._pods: dict[str, int] = {}

    def read(self, signal: str) -> Reading:
        """The newest samples, or the sentence that says why there are none. Never raises."""
        try:
            answer = self.client.instant(self._query(signal))
            decoded = self._decode(answer)
        except PortError as error:
            return Reading(signal=signal, taken_at=self._now(), problem=f"signal {signal}: {error}")
        taken_at = next((at for series in answer.series for at, _ in series.points), self._now())
        self._pods[signal] = len(decoded.samples)
        return Reading(signal=signal, taken_at=taken_at, samples=decoded.samples, problems=decoded.problems)

    def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The samples scraped from ``start`` to ``end``, each once, oldest first.

        Points are at least 5 s apart, and further where the fleet is large (:data:`MOST_VALUES`): counters
        are cumulative, so nothing that was counted is lost. Pods with an ambiguous answer are left out.
        Raises Unavailable, Rejected.
        """
        step = history_step((end - start).total_seconds(), self._pods.get(signal, 1))
        try:
            decoded = self._decode(self.client.range(self._query(signal), start, end, step=step))
        except PortError as error:
            raise type(error)(f"signal {signal}: {error}") from error
        first, last = start.timestamp(), end.timestamp()
        once: dict[Key, Sample] = {}
        for sample in decoded.samples:
            if first <= sample.at <= last and sample.pod not in decoded.problems:
                once.setdefault((sample.namespace, sample.pod, sample.at), sample)
        return tuple(sorted(once.values(), key=lambda sample: (sample.at, sample.namespace, sample.pod)))

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _query(self, signal: str) -> str:
        query = self._queries.get(signal)
        if query is None:
            raise Unavailable(f"no such signal is configured — valid: {', '.join(self._queries)}")
        return query

    def _decode(self, answer: Answer) -> Decoded:
        namespace, pod = self._settings.namespace_label, self._settings.pod_label
        try:
            decoded = decode(answer, namespace_label=namespace, pod_label=pod)
        except Unavailable as error:
            raise Unavailable(f"Prometheus at {self.client.address}: {error}") from error
        if decoded.unlabelled and not decoded.samples and not decoded.problems:
            raise Unavailable(
                f"Prometheus at {self.client.address} has no label {namespace!r} or {pod!r} on its series — "
                "add them by relabelling the scrape, or set prometheus.namespace_label and pod_label"
            )
        return decoded


def history_step(span: float, pods: int) -> float:
    """Seconds between points, whole, so that neither the server's limit nor our memory is exceeded."""
    values = span * max(pods, 1) * len(Part) / MOST_VALUES
    return float(math.ceil(max(SHORTEST_STEP, span / (MOST_POINTS - 1), values)))


def decode(answer: Answer, *, namespace_label: str, pod_label: str) -> Decoded:
    """Samples from an answer to :func:`fleet_query`.

    Series without both labels belong to no pod: they are left out, and told of. Raises Unavailable for
    answers that no correct server gives.
    """
    rows: dict[Key, dict[Part, float]] = {}
    unlabelled = False
    for series in answer.series:
        labels = series.labels
        namespace, pod = labels.get(namespace_label, ""), labels.get(pod_label, "")
        if not namespace or not pod:
            unlabelled = True
            continue
        part = _part(labels.get(PART, ""))
        for at, text in series.points:
            parts = rows.setdefault((namespace, pod, at), {})
            if part in parts:
                raise Unavailable(
                    f"the answer has two series for {part.value} of pod {namespace}/{pod} — check that "
                    "prometheus.url is one Prometheus, or an aggregator that deduplicates"
                )
            parts[part] = _number(text)
    return Decoded(samples=tuple(_samples(rows)), problems=dict(_problems(rows)), unlabelled=unlabelled)


def _part(name: str) -> Part:
    try:
        return Part(name)
    except ValueError as error:
        raise Unavailable(
            f"the answer has a series of the unknown part {name!r} — check that prometheus.url is Prometheus"
        ) from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Unavailable(
            f"the answer has the value {text!r}, which is no number — check that prometheus.url is Prometheus"
        ) from error


def _samples(rows: Mapping[Key, Mapping[Part, float]]) -> Iterable[Sample]:
    for (namespace, pod, _), parts in rows.items():
        total, at = parts.get(Part.TOTAL), parts.get(Part.AT)
        if total is not None and at is not None and parts.get(Part.TARGETS, 1) <= 1:
            yield Sample(namespace=namespace, pod=pod, at=at, total=total, bad=parts.get(Part.BAD))


def _problems(rows: Mapping[Key, Mapping[Part, float]]) -> Iterable[tuple[str, str]]:
    for (namespace, pod, _), parts in rows.items():
        targets = parts.get(Part.TARGETS, 1)
        if targets > 1:
            yield (
                pod,
                f"pod {namespace}/{pod} is scraped through {targets:g} targets, its requests would be "
                "counted more than once — drop all but one by relabelling, or select one by its job label "
                "in bad and total",
            )
        elif Part.TOTAL not in parts:
            yield (
                pod,
                f"pod {namespace}/{pod} has bad events and no total — make total count all that bad counts",
            )
