"""A rollout as the entries of a record, and as the series that Prometheus has of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from daemon.core.judge.record_entries import RecordEntry, RolloutStarted, Sampled
from tests.e2e.remote_write import CUSTOM, STALE, Native, Series
from tests.e2e.rollouts import (
    CLASSIC,
    CONVERTED,
    EDGES,
    EVERY,
    NATIVE,
    Form,
    PodLife,
    Rollout,
    Scrape,
    pods,
    revision_of,
    scrapes,
)

Labels = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """What a pod exposed to a scraper, nothing where it was gone."""

    pod: str
    scraper: int
    at: float
    exposed: Mapping[Labels, float | Native]


def entries(rollout: Rollout, start: float) -> list[RecordEntry]:
    """What a record of the rollout holds."""
    made: list[RecordEntry] = [
        RolloutStarted(at=start, revision=revision_of(True), baseline=revision_of(False)),
        *(sampled(rollout, scrape) for scrape in scrapes(rollout, start)),
    ]
    return sorted(made, key=lambda entry: entry.at)


def sampled(rollout: Rollout, scrape: Scrape) -> Sampled:
    counts = scrape.counts
    bad, unclear = _shares(rollout, scrape)
    return Sampled(
        at=scrape.at,
        signal=rollout.signal.settings.name,
        pod=scrape.pod.name,
        revision=scrape.pod.revision,
        total=float(counts.total),
        bad=float(bad),
        unclear=float(unclear),
    )


def _shares(rollout: Rollout, scrape: Scrape) -> tuple[int, int]:
    """The bad requests, and those of which the edges leave open whether they are."""
    limit, counts = rollout.signal.settings.slower_than, scrape.counts
    if limit is None:
        return counts.bad, 0
    edges = _edges(rollout, scrape.pod)
    below = max(edge for edge in edges if edge <= limit)
    above = min(edge for edge in edges if edge >= limit)
    return counts.total - counts.upto(above), counts.upto(above) - counts.upto(below)


def _edges(rollout: Rollout, pod: PodLife) -> Sequence[float]:
    # Those of the native histograms around the limit are the same.
    return rollout.edges if pod.is_new else EDGES


# ------------------------------------------------------------ as series


def series(rollout: Rollout, start: float) -> list[Series]:
    """What Prometheus stores of it: whatever is missing from the next scrape ends with a marker."""
    points: dict[Labels, list[tuple[float, float | Native]]] = {}
    shown: dict[tuple[str, int], set[Labels]] = {}
    for pod, scraper, at, exposed in [*_answered(rollout, start), *_unanswered(rollout, start)]:
        for labels in shown.get((pod, scraper), set()) - set(exposed):
            points[labels].append((at, _end_of(points[labels][-1][1])))
        for labels, value in exposed.items():
            points.setdefault(labels, []).append((at, value))
        shown[pod, scraper] = set(exposed)
    return [Series(dict(labels), tuple(values)) for labels, values in points.items()]


def _answered(rollout: Rollout, start: float) -> Iterator[Answer]:
    for scrape in scrapes(rollout, start):
        exposed = {tuple(sorted(labels.items())): value for labels, value in _exposed(rollout, scrape)}
        yield Answer(scrape.pod.name, scrape.scraper, scrape.at, exposed)


def _unanswered(rollout: Rollout, start: float) -> Iterator[Answer]:
    """The scrapes at which pods that ended were not there any more."""
    for pod in pods(rollout):
        for scraper in range(rollout.scrapers):
            if pod.last < rollout.seconds:
                yield Answer(pod.name, scraper, start + pod.last + EVERY, {})


def _end_of(value: float | Native) -> float | Native:
    """The marker is of the series' own kind: of a histogram it is the sum."""
    return dataclasses.replace(value, buckets={}, total=STALE) if isinstance(value, Native) else STALE


def _exposed(rollout: Rollout, scrape: Scrape) -> Iterator[tuple[Mapping[str, str], float | Native]]:
    counts, labels = scrape.counts, _labels(rollout, scrape)
    match rollout.signal.form:
        case Form.COUNTERS:
            name = {"__name__": "gl006_http_requests_total"}
            yield labels | name | {"status_code": "200"}, counts.good + counts.middling
            if counts.bad:
                # The series of a status appears with its first request.
                yield labels | name | {"status_code": "500"}, counts.bad
        case Form.CLASSIC:
            name = {"__name__": f"{CLASSIC}_bucket"}
            for edge in _edges(rollout, scrape.pod):
                # Client libraries spell them as they like.
                spelled = f"{edge:g}" if scrape.pod.is_new else str(edge)
                yield labels | name | {"le": spelled}, counts.upto(edge)
            yield labels | name | {"le": "+Inf"}, counts.total
        case Form.NATIVE:
            # (0.25, 0.5], (0.5, 1] and (1, 2].
            buckets = {-1: counts.good, 0: counts.middling, 1: counts.bad}
            filled = {index: value for index, value in buckets.items() if value}
            yield labels | {"__name__": NATIVE}, Native(schema=0, buckets=filled)
        case Form.CONVERTED:
            buckets = dict(enumerate((counts.good, counts.middling, counts.bad)))
            yield labels | {"__name__": CONVERTED}, Native(schema=CUSTOM, buckets=buckets, edges=EDGES)


def _labels(rollout: Rollout, scrape: Scrape) -> dict[str, str]:
    labels = {
        "namespace": rollout.name,
        "pod": scrape.pod.name,
        "instance": f"{scrape.pod.name}:8000",
        "job": "pods",
    }
    return labels | ({"prometheus_replica": "ab"[scrape.scraper]} if rollout.scrapers > 1 else {})
