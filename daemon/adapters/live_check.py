"""The settings held against the real Prometheus: does each query find what it is meant to find?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from daemon.adapters.prometheus import promql as promql_of
from daemon.adapters.prometheus.backend import identify
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.adapters.prometheus.sources import HistogramQueries, Queries
from daemon.core.signals.sample import Reading, Sample
from daemon.core.value import Value
from daemon.ports import PortError
from daemon.settings import CounterPair, Settings, SignalSettings, promql
from daemon.settings.promql_names import selector as selector_of

MOST_NAMED = 5
"""Pods named one by one in a finding."""
NARROW = 1.25
"""A bucket no wider than this ratio of its edges is as good as a limit that is a bit off."""


class Notice(Value, frozen=True):
    """``error``: nothing can be judged so. ``warning``: look at it. ``ok``: seen to work."""

    level: Literal["error", "warning", "ok"]
    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.level}: {self.field}: {self.message}"
        return f"{text} — {self.remedy}" if self.remedy else text


def check_live(settings: Settings, metrics: PrometheusMetrics) -> tuple[Notice, ...]:
    """Runs every query once. An unreachable Prometheus is one finding, not one for each signal."""
    try:
        metrics.client.instant("vector(1)")
    except PortError as error:
        return (_error("prometheus", str(error)),)
    found = [*_backend(metrics)]
    for index, signal in enumerate(settings.signals):
        found += _signal(settings, metrics, signal, f"signals[{index}]")
    for index, dependency in enumerate(settings.dependencies):
        found += _dependency(metrics, dependency.query, f"dependencies[{index}].query")
    return tuple(found)


def _backend(metrics: PrometheusMetrics) -> Iterator[Notice]:
    """Which server it is, and what it cannot do."""
    try:
        backend = identify(metrics.client)
    except PortError:
        yield Notice(level="ok", field="prometheus.url", message=f"{metrics.client.address} answers")
        return
    where = f"{metrics.client.address} answers, {backend}"
    yield Notice(level="ok", field="prometheus.url", message="; ".join((where, *backend.without)))


def _dependency(metrics: PrometheusMetrics, query: str, field: str) -> Iterator[Notice]:
    try:
        found = metrics.client.instant(_any(query)).series
    except PortError as error:
        yield _error(field, str(error))
        return
    if not found:
        yield Notice(
            level="warning",
            field=field,
            message="no series within five minutes, so nothing is known of it",
            remedy="compare its name with the application's /metrics, or take it out of dependencies",
        )
    elif not promql.is_selector(query):
        yield Notice(
            level="warning",
            field=field,
            message="not a plain selector: the times of scrapes are unknown, and stale ones go unnoticed",
            remedy="make it one metric with label matchers",
        )


def _signal(
    settings: Settings, metrics: PrometheusMetrics, signal: SignalSettings, field: str
) -> Iterator[Notice]:
    troubles = [*_source(metrics, signal, field)]
    yield from troubles
    if any(finding.level == "error" for finding in troubles):
        return
    reading = metrics.read(signal.name)
    if reading.problem:
        yield _error(field, reading.problem)
        return
    yield from _reading(settings, reading, field)


def _source(metrics: PrometheusMetrics, signal: SignalSettings, field: str) -> Iterator[Notice]:
    queries, source = metrics.queries(signal.name), signal.source
    if isinstance(queries, HistogramQueries):
        yield from _histogram(metrics, queries, f"{field}.histogram")
    elif isinstance(source, CounterPair):
        yield from _expression(metrics, source.bad, f"{field}.bad", needed=False)
        yield from _expression(metrics, source.total, f"{field}.total", needed=True)
        if not promql.is_selector(source.total):
            yield Notice(
                level="warning",
                field=f"{field}.total",
                message="not a plain selector: the times of scrapes are unknown, "
                "and stale samples go unnoticed",
                remedy="make it one metric with label matchers",
            )
        else:
            yield from _replicas(metrics, queries, metrics.narrowed(source.total), f"{field}.total")


def _replicas(metrics: PrometheusMetrics, queries: Queries, selector: str, field: str) -> Iterator[Notice]:
    """Several servers that no label known to us tells apart would count everything as often as they are."""
    try:
        found = metrics.client.instant(promql_of.several_times(selector, queries.grouping())).series
    except PortError:
        return
    pods = sorted({series.labels.get(metrics.grouping.pod, "") for series in found})
    if pods:
        yield Notice(
            level="warning",
            field=field,
            message=f"one scraper has scraped at several times at once: {_named(pods)}",
            remedy="if these are several Prometheus servers, add the label that tells them apart to "
            "prometheus.replica_labels",
        )


def _histogram(metrics: PrometheusMetrics, queries: HistogramQueries, field: str) -> Iterator[Notice]:
    """Which form of a histogram there is, and what its buckets leave open."""
    try:
        layout = queries.look_up()
    except PortError as error:
        yield _error(field, str(error))
        return
    bound = f"{queries.bound:g}"
    if layout.classic is not None and layout.read_classic:
        pods = f"classic, of {len(layout.read_classic)} pods"
        edges = (layout.classic.lowest, layout.classic.highest)
        yield _edges(field, pods, bound, edges, "add a bucket that ends there, or choose slower_than by them")
    if layout.native is not None and layout.read_native:
        pods = f"native, of {len(layout.read_native)} pods"
        if layout.native.settled:
            edges = (layout.native.below, layout.native.above)
            yield _edges(field, pods, bound, edges, "give it more buckets, or choose slower_than by them")
        else:
            yield Notice(level="ok", field=field, message=f"{pods}: no event was near {bound} so far")
    for selector in queries.selectors(layout):
        yield from _replicas(metrics, queries, selector, field)


def _edges(field: str, pods: str, bound: str, edges: tuple[float, float], remedy: str) -> Notice:
    below, above = edges
    if below == above:
        return Notice(level="ok", field=field, message=f"{pods}: {bound} is an edge of the buckets")
    message = f"{pods}: {bound} is no edge of all, and what lies from {below:.4g} to {above:.4g} is unclear"
    if above <= NARROW * below:
        return Notice(level="ok", field=field, message=message)
    return Notice(level="warning", field=field, message=message, remedy=remedy)


def _expression(metrics: PrometheusMetrics, query: str, field: str, *, needed: bool) -> Iterator[Notice]:
    try:
        answer = metrics.client.instant(_any(query))
    except PortError as error:
        yield _error(field, str(error))
        return
    for info in answer.infos:
        yield Notice(level="warning", field=field, message=f"Prometheus remarks: {info}")
    if not answer.series:
        yield from _without_series(metrics, query, field, needed=needed)


def _without_series(metrics: PrometheusMetrics, query: str, field: str, *, needed: bool) -> Iterator[Notice]:
    """Why an expression has no series: its metrics do not exist, or its labels match nothing."""
    names = promql.metric_names(query)
    absent = [name for name in names if not _exists(metrics, name)]
    for name in absent:
        yield Notice(
            level="error" if needed else "warning",
            field=field,
            message=f"the metric {name} does not exist (no series within five minutes)",
            remedy="compare its name with the application's /metrics and Prometheus's targets"
            + ("" if needed else "; some applications show a counter only after its first event"),
        )
    if not absent:
        yield Notice(
            level="error" if needed else "warning",
            field=field,
            message="its metrics exist, and its labels match no series",
            remedy="correct the label matchers" if needed else "fine if nothing bad has happened so far",
        )


def _any(query: str) -> str:
    """A row where it has any: of a whole cluster's series each would be one. It may end in a comment."""
    return f"group(\n{query}\n)"


def _exists(metrics: PrometheusMetrics, name: str) -> bool:
    """Whether a metric has any series; one that cannot be asked for is not called absent."""
    try:
        return bool(metrics.client.instant(f"count({selector_of(name)})").series)
    except PortError:
        return True


def _reading(settings: Settings, reading: Reading, field: str) -> Iterator[Notice]:
    for problem in list(reading.problems.values())[:MOST_NAMED]:
        yield _error(field, problem)
    guarded = [sample for sample in reading.samples if sample.namespace in settings.namespaces]
    yield from _coverage(settings, guarded, field)
    yield from _values(guarded, field)
    yield from _ages(settings, reading.taken_at, guarded, field)
    if guarded:
        pods = len({(sample.namespace, sample.pod) for sample in guarded})
        yield Notice(level="ok", field=field, message=f"{pods} pods of the guarded namespaces have samples")


def _coverage(settings: Settings, guarded: Sequence[Sample], field: str) -> Iterator[Notice]:
    for index, workload in enumerate(settings.workloads):
        here = [sample.pod for sample in guarded if sample.namespace == workload.namespace]
        name = workload.name
        if name is not None and not any(pod.startswith(f"{name}-") for pod in here):
            yield Notice(
                level="warning",
                field=f"workloads[{index}]",
                message=f"{field} has no sample of {workload.namespace}/{name}",
                remedy="see whether its pods run and are scraped with the labels pod and namespace",
            )
        elif not here:
            yield Notice(
                level="warning",
                field=f"workloads[{index}]",
                message=f"{field} has no sample of the namespace {workload.namespace}",
                remedy="see whether its pods run and are scraped with the labels pod and namespace",
            )


def _values(guarded: Sequence[Sample], field: str) -> Iterator[Notice]:
    strange = [s.pod for s in guarded if not math.isfinite(s.total) or not math.isfinite(s.bad or 0.0)]
    if strange:
        yield Notice(
            level="warning",
            field=field,
            message=f"NaN or infinite in {_named(strange)}",
            remedy="use counters; a quotient of two rates is no counter",
        )
    inverted = [s.pod for s in guarded if s.bad is not None and s.bad > s.total]
    if inverted:
        yield Notice(
            level="error",
            field=field,
            message=f"more bad events than events in {_named(inverted)}",
            remedy="make total count everything that bad counts",
        )


def _ages(settings: Settings, now: float, guarded: Sequence[Sample], field: str) -> Iterator[Notice]:
    stale = [sample.pod for sample in guarded if now - sample.at > settings.policy.stale_after]
    if stale:
        yield Notice(
            level="warning",
            field=field,
            message=f"no scrape within stale_after, {settings.policy.stale_after:g} s: {_named(stale)}",
            remedy="see whether they are still scraped, or raise it over two scrape intervals",
        )


def _error(field: str, sentence: str) -> Notice:
    message, _, remedy = sentence.partition(" — ")
    return Notice(level="error", field=field, message=message, remedy=remedy)


def _named(pods: Sequence[str]) -> str:
    more = f" and {len(pods) - MOST_NAMED} more" if len(pods) > MOST_NAMED else ""
    return ", ".join(pods[:MOST_NAMED]) + more
