"""From the rows of a fleet's answer to samples of pods, and what is wrong with single pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daemon.adapters.prometheus.client import Answer, is_time
from daemon.adapters.prometheus.promql import PART, Grouping, Part
from daemon.core.signals.sample import Sample
from daemon.core.value import Value
from daemon.ports import Unavailable

Key = tuple[str, str, float]
"""Namespace, pod, and a time in Unix seconds."""
Parts = Mapping[Part, float]


class Decoded(Value, frozen=True):
    samples: tuple[Sample, ...]
    problems: Mapping[str, str]
    unlabelled: bool = False
    """Whether some series lack the pod or namespace label."""
    taken_at: float | None = None
    """The server's time of the query; unknown where it found nothing."""


def decode(answer: Answer, grouping: Grouping) -> Decoded:
    """Samples from an answer to a fleet's query.

    Series without both labels belong to no pod: they are left out, and reported. Raises Unavailable for
    answers that no correct server gives.
    """
    rows: dict[Key, dict[Part, float]] = {}
    unlabelled = False
    for series in answer.series:
        labels = series.labels
        namespace, pod = labels.get(grouping.namespace, ""), labels.get(grouping.pod, "")
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
            parts[part] = moment(text) if part is Part.AT else number(text)
    return Decoded(
        samples=tuple(_samples(rows)),
        problems=dict(_problems(rows)),
        unlabelled=unlabelled,
        taken_at=next((at for series in answer.series for at, _ in series.points), None),
    )


def number(text: str) -> float:
    """A value of an answer. Raises Unavailable for what is none."""
    try:
        return float(text)
    except ValueError as error:
        raise Unavailable(
            f"the answer has the value {text!r}, which is no number — check that prometheus.url is Prometheus"
        ) from error


def moment(text: str) -> float:
    """A value that is a time, in Unix seconds. Raises Unavailable for what is none."""
    value = number(text)
    if not is_time(value):
        raise Unavailable(
            f"the answer has the time {text!r}, which is none — check that prometheus.url is Prometheus"
        )
    return value


def _part(name: str) -> Part:
    try:
        return Part(name)
    except ValueError as error:
        raise Unavailable(
            f"the answer has a series of the unknown part {name!r} — check that prometheus.url is Prometheus"
        ) from error


def _samples(rows: Mapping[Key, Parts]) -> Iterable[Sample]:
    for (namespace, pod, _), parts in rows.items():
        total, at = parts.get(Part.TOTAL), parts.get(Part.AT)
        if total is not None and at is not None and parts.get(Part.TARGETS, 1) <= 1:
            bad, unclear = _shares(total, parts)
            yield Sample(namespace=namespace, pod=pod, at=at, total=total, bad=bad, unclear=unclear)


def _shares(total: float, parts: Parts) -> tuple[float | None, float]:
    """Bad and unclear events. A histogram without ``within`` is empty, so nothing of it is bad."""
    within = parts.get(Part.WITHIN)
    if within is None:
        return parts.get(Part.BAD), 0.0
    return total - within, within - parts.get(Part.BELOW, 0.0)


def _problems(rows: Mapping[Key, Parts]) -> Iterable[tuple[str, str]]:
    for (namespace, pod, _), parts in rows.items():
        targets = parts.get(Part.TARGETS, 1)
        if targets > 1:
            yield (
                pod,
                f"pod {namespace}/{pod} is scraped through {targets:g} targets (values of instance), its "
                "requests would be counted more than once — drop all but one by relabelling, or select one "
                "by its instance or job label in the signal's queries",
            )
        elif Part.TOTAL not in parts:
            yield (
                pod,
                f"pod {namespace}/{pod} has bad events and no total — make total count all that bad counts",
            )
