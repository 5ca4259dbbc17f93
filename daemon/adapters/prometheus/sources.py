"""How the counters of one signal are asked for: by a fixed query, or by one that follows a histogram."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from daemon.adapters.prometheus import histogram_layout
from daemon.adapters.prometheus.client import Answer
from daemon.adapters.prometheus.envelope import UnknownFunction
from daemon.adapters.prometheus.histogram_layout import Layout
from daemon.adapters.prometheus.native_buckets import set_of
from daemon.adapters.prometheus.promql import Grouping, pair_query
from daemon.adapters.prometheus.rows import Decoded, decode
from daemon.adapters.prometheus.scrape_labels import ScrapeLabels, Scrapers
from daemon.ports import Clock, Unavailable
from daemon.settings import CounterPair, SlowShare, Source

KEPT = 600.0
"""Seconds for which a histogram's edges are not asked for again, unless they may not fit some pod."""
LOOKBACK = 300.0
"""Seconds for which Prometheus repeats a sample."""
MOST_LOOKS = 12
"""At how many times of a history the edges are looked at, each of which gives a row for each pod."""


class Client(Protocol):
    """As :class:`~daemon.adapters.prometheus.client.PrometheusClient`."""

    @property
    def address(self) -> str: ...
    def instant(self, query: str) -> Answer: ...
    def range(self, query: str, start: datetime, end: datetime, *, step: float) -> Answer: ...
    def layout(self, query: str, span: tuple[datetime, datetime, float] | None = None) -> Answer: ...


class Queries(Protocol):
    """Raises Unavailable, Rejected."""

    parts: int
    """Values of each pod in an answer."""

    def grouping(self) -> Grouping:
        """With the labels that tell scrapers apart, as they are now."""
        ...

    def now(self) -> Decoded: ...
    def past(self, start: datetime, end: datetime, *, step: float) -> Decoded: ...


def queries_for(source: Source, grouping: Grouping, client: Client, clock: Clock) -> Queries:
    match source:
        case CounterPair():
            return PairQueries(source, grouping, client, clock)
        case SlowShare():
            return HistogramQueries(source, grouping, client, clock)


class PairQueries:
    parts = 4

    def __init__(self, source: CounterPair, grouping: Grouping, client: Client, clock: Clock) -> None:
        self._series = (source.bad, source.total)
        self._grouping = grouping
        self._client = client
        self._scrapes = ScrapeLabels(grouping, client, clock)

    def grouping(self) -> Grouping:
        return replace(self._grouping, of_scrapes=self._scrapes.now(self._series).labels)

    def now(self) -> Decoded:
        scrapers = self._scrapes.now(self._series)
        decoded = self._read(scrapers)
        fresh = self._scrapes.now(self._series, decoded.samples)
        if fresh.labels != scrapers.labels:
            decoded = self._read(fresh)
        return fresh.seen(decoded)

    def past(self, start: datetime, end: datetime, *, step: float) -> Decoded:
        scrapers = self._scrapes.past(self._series, looks(start, end))
        answer = self._client.range(self._query(scrapers), start, end, step=step)
        return scrapers.settled(_decoded(self._client, answer, self._grouping))

    def _read(self, scrapers: Scrapers) -> Decoded:
        return _decoded(self._client, self._client.instant(self._query(scrapers)), self._grouping)

    def _query(self, scrapers: Scrapers) -> str:
        return pair_query(*self._series, replace(self._grouping, of_scrapes=scrapers.labels))


class HistogramQueries:
    """Keeps the histogram's layout between readings. Thread-safe.

    A pod's counters must be read at the same edges each time: at others they would jump. So a pod that the
    layout does not cover is not read before the layout is looked up again, in the same reading.
    """

    parts = 5

    def __init__(self, share: SlowShare, grouping: Grouping, client: Client, clock: Clock) -> None:
        self._share = share
        self._grouping = grouping
        self._client = client
        self._clock = clock
        self._scrapes = ScrapeLabels(grouping, client, clock)
        self._kept: tuple[Layout, float] | None = None
        self._native_first: bool | None = None

    @property
    def bound(self) -> float:
        """In the histogram's own unit."""
        return self._share.bound

    def selectors(self, layout: Layout) -> tuple[str, ...]:
        """The series whose scrapes are read."""
        return histogram_layout.selectors(layout, self._share, self._grouping)

    def grouping(self) -> Grouping:
        layout = self._known() or self.look_up()
        return replace(self._grouping, of_scrapes=self._scrapes.now(self.selectors(layout)).labels)

    def now(self) -> Decoded:
        layout = self._known() or self.look_up()
        scrapers = self._scrapes.now(self.selectors(layout))
        decoded = self._read(layout, scrapers)
        covered = all(layout.knows(sample) and not layout.leaves_open(sample) for sample in decoded.samples)
        if covered and scrapers.know(decoded.samples):
            return scrapers.seen(decoded)
        fresh = layout if covered else self.look_up()
        theirs = self._scrapes.now(self.selectors(fresh), decoded.samples)
        if self._query(fresh, theirs) != self._query(layout, scrapers):
            decoded = self._read(fresh, theirs)
        # What was scraped between the two queries can wait for the next reading.
        kept = [s for s in decoded.samples if fresh.knows(s) and not fresh.leaves_open(s)]
        return theirs.seen(replace(decoded, samples=tuple(kept)))

    def past(self, start: datetime, end: datetime, *, step: float) -> Decoded:
        """What a pod counted that lived between two looks at the edges may be unclear, and is never wrong."""
        seldom = looks(start, end)
        layout = self._found(seldom)
        if layout is None:
            return Decoded(samples=(), problems={})
        scrapers = self._scrapes.past(self.selectors(layout), seldom)
        decoded = self._read_span(layout, scrapers, start, end, step)
        left_open = {set_of((s.namespace, s.pod)) for s in decoded.samples if layout.leaves_open(s)}
        if left_open:
            closer = histogram_layout.buckets_query(self._share, self._grouping, left_open)
            answer = self._client.layout(closer, (start, end, step))
            layout = histogram_layout.looked_closer(layout, answer, self.bound, self._grouping)
            decoded = self._read_span(layout, scrapers, start, end, step)
        return scrapers.settled(decoded)

    def look_up(self) -> Layout:
        """The layout as it is now. Raises Unavailable where there is no such histogram."""
        layout = self._found(None)
        if layout is None:
            name = self._share.histogram
            among = f" with {' '.join(self._share.matchers.split())[:200]}" if self._share.matchers else ""
            raise Unavailable(
                f"Prometheus at {self._client.address} has no histogram {name}: neither {name}_bucket nor a "
                f"native {name} has a series{among} within five minutes — compare name and labels with the "
                "application's /metrics; a summary has no buckets: give bad and total instead"
            )
        self._kept = (layout, self._clock.monotonic() + KEPT)
        return layout

    def _known(self) -> Layout | None:
        kept = self._kept
        return kept[0] if kept is not None and self._clock.monotonic() < kept[1] else None

    def _found(self, span: tuple[datetime, datetime, float] | None) -> Layout | None:
        answer = self._looked_up(span)
        layout = histogram_layout.found(
            answer, self._share.bound, self._grouping, native_first=self._native_first
        )
        if layout is not None and layout.classic is not None and layout.native is not None:
            # From now on it stays: a pod that has both must not change from one to the other.
            self._native_first = layout.native_first
        return layout

    def _looked_up(self, span: tuple[datetime, datetime, float] | None) -> Answer:
        try:
            return self._client.layout(histogram_layout.layout_query(self._share, self._grouping), span)
        except UnknownFunction:
            # A server without native histograms, such as VictoriaMetrics.
            classic = histogram_layout.layout_query(self._share, self._grouping, native=False)
            return self._client.layout(classic, span)

    def _query(self, layout: Layout, scrapers: Scrapers) -> str:
        grouping = replace(self._grouping, of_scrapes=scrapers.labels)
        return histogram_layout.fleet_query(layout, self._share, grouping)

    def _read(self, layout: Layout, scrapers: Scrapers) -> Decoded:
        answer = self._client.instant(self._query(layout, scrapers))
        return self._without_mixed(layout, _decoded(self._client, answer, self._grouping))

    def _read_span(
        self, layout: Layout, scrapers: Scrapers, start: datetime, end: datetime, step: float
    ) -> Decoded:
        answer = self._client.range(self._query(layout, scrapers), start, end, step=step)
        return self._without_mixed(layout, _decoded(self._client, answer, self._grouping))

    def _without_mixed(self, layout: Layout, decoded: Decoded) -> Decoded:
        mixed = [sample for sample in decoded.samples if layout.lacks_edges(sample)]
        problems = {
            s.pod: f"the native histograms {self._share.histogram} of pod {s.namespace}/{s.pod} and its like "
            "cannot be added: some have exponential and some custom buckets — select those of one kind by "
            "label matchers in the signal's histogram"
            for s in mixed
        }
        kept = tuple(sample for sample in decoded.samples if not layout.lacks_edges(sample))
        return replace(decoded, samples=kept, problems={**decoded.problems, **problems})


def looks(start: datetime, end: datetime) -> tuple[datetime, datetime, float]:
    """First, last and seconds between: when the edges of a history are looked at.

    At its end as well: nothing tells the edges of the newest pods but a look that comes after they began.
    Whole seconds, for the client asks for no others.
    """
    last = math.ceil(end.timestamp())
    span = max(last - start.timestamp(), 1.0)
    intervals = min(math.ceil(span / LOOKBACK), MOST_LOOKS - 1)
    between = math.ceil(span / intervals)
    first = last - intervals * between
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), float(between)


def _decoded(client: Client, answer: Answer, grouping: Grouping) -> Decoded:
    try:
        decoded = decode(answer, grouping)
    except Unavailable as error:
        raise Unavailable(f"Prometheus at {client.address}: {error}") from error
    if decoded.unlabelled and not decoded.samples and not decoded.problems:
        raise Unavailable(without_labels(client.address, grouping))
    return decoded


def without_labels(address: str, grouping: Grouping) -> str:
    return (
        f"Prometheus at {address} has no label {grouping.namespace!r} or {grouping.pod!r} on its "
        "series — add them by relabelling the scrape, or set prometheus.namespace_label and pod_label"
    )
