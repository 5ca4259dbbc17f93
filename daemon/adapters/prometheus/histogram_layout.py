"""Where a histogram's buckets end, and the queries that follow from it.

A bound that is no edge leaves the events of one bucket open. What lies above the next edge is surely slower,
what lies below the edge before it surely is not. Edges differ between releases, and ``le="5"`` may be spelled
``le="5.0"``; so they are looked up, and each series is read at its own nearest ones. Native histograms have
edges of another kind: :mod:`daemon.adapters.prometheus.native_buckets`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec.structs import replace

from daemon.adapters.prometheus.client import Answer, Series
from daemon.adapters.prometheus.native_buckets import (
    Native,
    PodSet,
    filled,
    filled_query,
    joined,
    native,
    number_or_nan,
    pods_of,
    same,
    set_of,
)
from daemon.adapters.prometheus.promql import PART, Grouping, Part, counted, labelled, scrapes
from daemon.adapters.prometheus.scrape_labels import Pod
from daemon.core.signals.sample import Sample
from daemon.core.value import Value
from daemon.settings import SlowShare
from daemon.settings.promql_names import selector

_HAIR = 0.001
"""Of an event: what a product of a count and a fraction misses the whole number by is far less."""


class _Row(StrEnum):
    EDGE = "edge"
    CLASSIC = "classic"
    NATIVE = "native"
    BUCKETS = "buckets"


class Edge(Value, frozen=True):
    at: float
    spelled: tuple[str, ...]


class Classic(Value, frozen=True):
    """The edges on both sides of the bound, nearest first, up to one that every series has.

    An edge at the bound is on both sides. ``+Inf`` is not among them: every series has it.
    """

    above: tuple[Edge, ...]
    below: tuple[Edge, ...]
    lowest: float
    """The edge below the bound that every series has; 0 where there is none."""
    highest: float
    """The edge above the bound that every series has."""

    @property
    def exact(self) -> bool:
        return self.lowest == self.highest


class Layout(Value, frozen=True):
    """What was found of a histogram, and of which pods."""

    classic: Classic | None
    native: Native | None
    native_first: bool
    """Which of the two is read of a pod that has both."""
    classic_pods: frozenset[Pod] = frozenset()
    native_pods: frozenset[Pod] = frozenset()

    @property
    def read_classic(self) -> frozenset[Pod]:
        return self.classic_pods - self.native_pods if self.native_first else self.classic_pods

    @property
    def read_native(self) -> frozenset[Pod]:
        return self.native_pods if self.native_first else self.native_pods - self.classic_pods

    def knows(self, sample: Sample) -> bool:
        """Whether its pod had this histogram when the layout was looked up."""
        pod = (sample.namespace, sample.pod)
        return pod in self.classic_pods or pod in self.native_pods

    def leaves_open(self, sample: Sample) -> bool:
        """Whether another look at the native buckets would tell more of it."""
        pod = (sample.namespace, sample.pod)
        return (
            self.native is not None
            and sample.unclear > 0
            and pod in self.read_native
            and set_of(pod) in self.native.unsettled
        )

    def lacks_edges(self, sample: Sample) -> bool:
        """Whether its native histograms cannot be added up, so that nobody knows the edges of the sum."""
        pod = (sample.namespace, sample.pod)
        return self.native is not None and pod in self.read_native and set_of(pod) not in self.native.buckets


def buckets_query(share: SlowShare, grouping: Grouping, sets: Iterable[PodSet]) -> str:
    """The native buckets of these sets."""
    theirs = _selector(share, extra=pods_of(sets, grouping))
    return labelled({_Row.BUCKETS.value: filled_query(theirs, grouping)})


def layout_query(share: SlowShare, grouping: Grouping, *, native: bool = True) -> str:
    """How many series have which edge, which pods have which form, and the native buckets of each set.

    Without ``native`` of the classic form alone, for servers that do not know the other.
    """
    parts = {
        _Row.EDGE: f"count by (le) ({_buckets(share)})",
        _Row.CLASSIC: f"count {grouping.by_pod} ({_buckets(share, '+Inf')})",
    }
    if native:
        parts[_Row.NATIVE] = f"count {grouping.by_pod} (histogram_count({_selector(share)}))"
        parts[_Row.BUCKETS] = filled_query(_selector(share), grouping)
    return labelled({part.value: expression for part, expression in parts.items()})


def found(answer: Answer, bound: float, grouping: Grouping, *, native_first: bool | None) -> Layout | None:
    """The layout that an answer to :func:`layout_query` tells; ``None`` where there is no such histogram.

    Without a word on ``native_first``, the classic form goes first where it has an edge at the bound.
    """
    rows: dict[str, list[Series]] = {}
    for series in answer.series:
        rows.setdefault(series.labels.get(PART, ""), []).append(series)
    classic_pods = _pods(rows.get(_Row.CLASSIC, ()), grouping)
    native_pods = _pods(rows.get(_Row.NATIVE, ()), grouping)
    classic = _classic(rows[_Row.EDGE], bound) if _Row.EDGE in rows else None
    natives = native(filled(rows.get(_Row.BUCKETS, ()), grouping), bound) if _Row.NATIVE in rows else None
    if classic is None and natives is None:
        return None
    if native_first is None:
        native_first = classic is None or (natives is not None and not classic.exact)
    return Layout(
        classic=classic,
        native=natives,
        native_first=native_first,
        classic_pods=classic_pods,
        native_pods=native_pods,
    )


def selectors(layout: Layout, share: SlowShare, grouping: Grouping) -> tuple[str, ...]:
    """Those of the series for each histogram that is read."""
    return tuple(form[Part.AT] for form in _forms(layout, share, grouping) if Part.AT in form)


def looked_closer(layout: Layout, answer: Answer, bound: float, grouping: Grouping) -> Layout:
    """The layout with the native buckets of an answer to :func:`buckets_query` besides its own."""
    if layout.native is None:
        return layout
    more = filled(answer.series, grouping)
    return replace(layout, native=native(joined(layout.native.buckets, more), bound))


def fleet_query(layout: Layout, share: SlowShare, grouping: Grouping) -> str:
    """Rows by namespace, pod and part, each series read at its own nearest edges."""
    forms = [*_forms(layout, share, grouping)]
    counts = {
        part: [form[part] for form in forms if part in form] for part in (Part.TOTAL, Part.WITHIN, Part.BELOW)
    }
    parts = {part: counted(found, grouping) for part, found in counts.items() if found}
    return labelled(parts | scrapes(selectors(layout, share, grouping), grouping))


def _forms(layout: Layout, share: SlowShare, grouping: Grouping) -> Iterator[Mapping[Part, str]]:
    """A series is read by the first that it has. All or none tell what lies below: they would lend theirs."""
    classic = [_classic_parts(layout.classic, share)] if layout.classic else []
    natives = [*_native_parts(layout.native, share, grouping)] if layout.native else []
    forms = [(classic, layout.classic_pods), (natives, layout.native_pods)]
    (first, its), (second, others) = reversed(forms) if layout.native_first else forms
    every = [*first, *(second if not first or others - its else ())]
    tells = any(Part.BELOW in form for form in every)
    for form in every:
        none = {Part.BELOW: f"0 * (\n{form[Part.WITHIN]}\n)"} if tells else {}
        yield {**none, **form}


def _classic_parts(classic: Classic, share: SlowShare) -> Mapping[Part, str]:
    every = _buckets(share, "+Inf")
    nearest = [f"max without (le) ({_buckets(share, *edge.spelled)})" for edge in classic.above]
    parts = {Part.TOTAL: every, Part.AT: every}
    # Without the last a series that lacks the edges would have nothing within, and all its events be bad.
    parts[Part.WITHIN] = "\nor ".join([*nearest, f"max without (le) ({every})"])
    if classic.below:
        parts[Part.BELOW] = "\nor ".join(
            f"max without (le) ({_buckets(share, *edge.spelled)})" for edge in classic.below
        )
    return parts


def _native_parts(native: Native, share: SlowShare, grouping: Grouping) -> Iterator[Mapping[Part, str]]:
    whole = _selector(share)
    for matchers, family in native.readings(grouping):
        theirs = _selector(share, extra=matchers)
        # Whole, for a quotient that is multiplied back misses its number by a hair, and a counter that falls
        # is taken for reset. Away from each other: what is only a fraction of a bucket has to be unclear.
        # Up to infinity is not all: NaN, which no bucket holds, counts as slow whatever the edges are.
        parts = {Part.WITHIN: f"floor({_up_to(family.above, theirs)} + {1 - _HAIR})"}
        if family.below > -math.inf:
            parts[Part.BELOW] = f"floor({_up_to(family.below, theirs)} + {_HAIR})"
        # They are the same for all, so the last tells them of all.
        yield parts if matchers else {Part.TOTAL: f"histogram_count({whole})", Part.AT: whole, **parts}


def _up_to(edge: float, series: str) -> str:
    # An empty histogram gives NaN, which is no number of events: >= 0 drops it.
    bound = "+Inf" if edge == math.inf else repr(edge)
    return f"(histogram_count({series}) * histogram_fraction(-Inf, {bound}, {series}) >= 0)"


def _selector(share: SlowShare, suffix: str = "", extra: str = "") -> str:
    # The matchers come last and end their line: they may end in a comment.
    return selector(share.histogram + suffix, extra, f"{share.matchers}\n" if share.matchers else "")


def _buckets(share: SlowShare, *spelled: str) -> str:
    if not spelled:
        return _selector(share, "_bucket")
    if len(spelled) == 1:
        return _selector(share, "_bucket", f'le="{spelled[0]}"')
    # Brackets, for a backslash would need another in PromQL's strings.
    either = "|".join(text.replace(".", "[.]").replace("+", "[+]") for text in spelled)
    return _selector(share, "_bucket", f'le=~"{either}"')


def _pods(rows: Iterable[Series], grouping: Grouping) -> frozenset[Pod]:
    return frozenset(
        (series.labels.get(grouping.namespace, ""), series.labels.get(grouping.pod, "")) for series in rows
    )


def _classic(rows: Iterable[Series], bound: float) -> Classic:
    """Counts are compared time by time: an edge that all series have at one time may be rare at another."""
    spelled: dict[float, list[str]] = {}
    counts: dict[float, dict[float, float]] = {}
    for series in rows:
        text = series.labels.get("le", "")
        edge = number_or_nan(text)
        if math.isnan(edge):
            continue
        spelled.setdefault(edge, []).append(text)
        for at, count in series.points:
            here = counts.setdefault(edge, {})
            here[at] = here.get(at, 0.0) + number_or_nan(count)
    all_series = counts.get(math.inf, {})
    common = {
        edge
        for edge, seen in counts.items()
        if all(seen.get(at, 0.0) >= count for at, count in all_series.items())
    }
    finite = sorted(edge for edge in counts if math.isfinite(edge))
    edges = {edge: Edge(at=edge, spelled=tuple(sorted(spelled[edge]))) for edge in finite}
    above = _nearest([edge for edge in finite if edge > bound or same(edge, bound)], common)
    below = _nearest([edge for edge in reversed(finite) if edge < bound or same(edge, bound)], common)
    return Classic(
        above=tuple(edges[edge] for edge in above),
        below=tuple(edges[edge] for edge in below),
        lowest=below[-1] if below and below[-1] in common else 0.0,
        highest=above[-1] if above and above[-1] in common else math.inf,
    )


def _nearest(candidates: Iterable[float], common: set[float]) -> list[float]:
    chain: list[float] = []
    for edge in candidates:
        chain.append(edge)
        if edge in common:
            break
    return chain
