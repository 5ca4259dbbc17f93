"""A Prometheus that has histograms and knows just enough PromQL to answer what is asked of them.

It reads the edges out of the queries, and does with them what Prometheus does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from daemon.adapters.prometheus.client import Answer, Series
from daemon.adapters.prometheus.native_buckets import SET
from daemon.adapters.prometheus.promql import PART
from tests.unit.prometheus.looks import of_scrapes, of_targets

NOW = 1_800_000_000.0
_PARTS = re.compile(r'label_replace\((.*?), "rollbackd", "(\w+)", "", ""\)', re.DOTALL)
_LE = re.compile(r'le=~?"([^"]*)"')
_FRACTION = re.compile(r"histogram_fraction\(-Inf, ([^,]+), .*>= 0\) \+ ([0-9.]+)\)", re.DOTALL)
_MATCHERS = re.compile(r'(?:namespace="(\w+)",)?pod=~"([^"]+)"')
_REPEATED = 300.0

Buckets = tuple[tuple[float, float, int], ...]


@dataclass
class Pod:
    """``edges`` are those of a classic histogram, as they are spelled; ``native`` those of a native one.

    It was scraped from ``since`` to ``at``; ``custom`` tells the kind of the native buckets.
    """

    took: list[float]
    edges: Sequence[str] | None = None
    native: Sequence[float] | None = None
    at: float = NOW - 1
    since: float = -math.inf
    custom: bool = False

    def up_to(self, edge: float) -> int:
        return sum(took <= edge for took in self.took)

    def buckets(self) -> Buckets:
        """The filled native buckets, left and right edge and count."""
        pairs = pairwise([-math.inf, *(self.native or ()), math.inf])
        counted = ((a, b, sum(a < took <= b for took in self.took)) for a, b in pairs)
        return tuple(bucket for bucket in counted if bucket[2])

    def native_up_to(self, edge: float) -> float | None:
        """Interpolated within a bucket, of one without end none. Of an empty histogram it is NaN."""
        return sum(_below(edge, *bucket) for bucket in self.buckets()) if self.took else None

    def seen(self, span: tuple[datetime, datetime, float] | None) -> bool:
        if span is None:
            return True
        time, end = span[0].timestamp(), span[1].timestamp()
        while time <= end:
            if self.since <= time < self.at + _REPEATED:
                return True
            time += span[2]
        return False


def _below(edge: float, left: float, right: float, count: int) -> float:
    if right <= edge:
        return count
    low = max(left, 0.0)
    return count * (edge - low) / (right - low) if low < edge else 0.0


def _set_of(pod: str) -> str:
    return pod.rpartition("-")[0] or pod


@dataclass
class Histograms:
    """``asked`` is how often fleets, layouts and buckets alone were asked for."""

    pods: dict[str, Pod] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=lambda: {"fleet": 0, "layout": 0, "buckets": 0})
    address: str = "http://prometheus"
    past: dict[str, Pod] = field(default_factory=dict)
    """What a look into the past finds besides."""
    hidden: list[float] = field(default_factory=list)
    """What no coarse look finds, for it was counted and reset in between."""

    def instant(self, query: str) -> Answer:
        if of_scrapes(query):
            return self._scraped(query, self.pods)
        self.asked["fleet"] += 1
        return Answer(series=tuple(self._fleet(query, self.pods)))

    def range(self, query: str, start: datetime, end: datetime, *, step: float) -> Answer:
        if of_scrapes(query):
            return self._scraped(query, self.pods | self.past)
        self.asked["fleet"] += 1
        return Answer(series=tuple(self._fleet(query, self.pods | self.past)))

    def layout(self, query: str, span: tuple[datetime, datetime, float] | None = None) -> Answer:
        every = self.pods if span is None else self.pods | self.past
        pods = {name: pod for name, pod in every.items() if pod.seen(span) and _selects(query, name)}
        parts = {part for _, part in _PARTS.findall(query)}
        self.asked["layout" if "edge" in parts else "buckets"] += 1
        series = [*self._layout(pods)] if "edge" in parts else []
        hidden = self.hidden if "edge" in parts else []
        return Answer(series=(*series, *self._native(pods, hidden)))

    def _scraped(self, query: str, pods: dict[str, Pod]) -> Answer:
        series = () if of_targets(query) else tuple(_row("", name, 1) for name in pods)
        return Answer(series=series)

    def _layout(self, pods: dict[str, Pod]) -> Iterator[Series]:
        counts: dict[str, int] = {}
        for pod in pods.values():
            for edge in (*pod.edges, "+Inf") if pod.edges is not None else ():
                counts[edge] = counts.get(edge, 0) + 1
        for edge, count in counts.items():
            yield Series(labels={PART: "edge", "le": edge}, points=((NOW, str(count)),))
        for name, pod in pods.items():
            if pod.edges is not None:
                yield _row("classic", name, 1)
            if pod.native is not None:
                yield _row("native", name, 1)

    def _native(self, pods: dict[str, Pod], hidden: Sequence[float]) -> Iterator[Series]:
        """Each set together, at the edges that all have; exponential and custom buckets cannot be added."""
        for name in dict.fromkeys(_set_of(name) for name in pods):
            native = [p for pod, p in pods.items() if _set_of(pod) == name and p.native is not None]
            if len({pod.custom for pod in native}) == 1:
                common = set.intersection(*(set(pod.native or ()) for pod in native))
                took = [one for pod in native for one in pod.took if one not in hidden]
                both = Pod(took=took, native=sorted(common)).buckets()
                edges = tuple((repr(left), repr(right)) for left, right, _ in both)
                labels = {PART: "buckets", "namespace": "greenlang", SET: name}
                yield Series(labels=labels, buckets=edges)

    def _fleet(self, query: str, pods: dict[str, Pod]) -> Iterator[Series]:
        for expression, part in _PARTS.findall(query):
            forms = expression.split("\nor sum by")
            for name, pod in pods.items():
                if part == "at":
                    yield _row(part, name, pod.at)
                elif part == "targets":
                    yield _row(part, name, 1)
                else:
                    values = (_value(pod, form) for form in forms if _selects(form, name))
                    found = next((value for value in values if value is not None), None)
                    if found is not None:
                        yield _row(part, name, found)


def _value(pod: Pod, form: str) -> float | None:
    if "_bucket" not in form:
        if pod.native is None:
            return None
        fraction = _FRACTION.search(form)
        if fraction is None:
            return float(len(pod.took))
        number = pod.native_up_to(float(fraction[1]))
        return None if number is None else float(math.floor(number + float(fraction[2]))) * _factor(form)
    if pod.edges is None:
        return None
    own = (*pod.edges, "+Inf")
    for wanted in _LE.findall(form):
        for edge in own:
            if edge == wanted or (wanted != "+Inf" and re.fullmatch(wanted, edge)):
                return float(pod.up_to(float(edge))) * _factor(form)
    return None


def _factor(form: str) -> float:
    return 0.0 if "0 * (" in form else 1.0


def _selects(query: str, pod: str) -> bool:
    found = _MATCHERS.search(query)
    return found is None or (
        found[1] in {None, "greenlang"} and re.fullmatch(found[2].replace("\\\\", "\\"), pod) is not None
    )


def _row(part: str, pod: str, value: float) -> Series:
    return Series(labels={PART: part, "namespace": "greenlang", "pod": pod}, points=((NOW, repr(value)),))
