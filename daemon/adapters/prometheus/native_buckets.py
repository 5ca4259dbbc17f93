"""Where the buckets of native histograms end, and which pods can be read at the same edges.

Prometheus tells only of buckets that something fell into. They are looked up for each pod set: pods that
were made of one template, which have the same buckets. Another set's may differ in resolution or in kind,
and where one set's edge lies within another's bucket, the fraction up to it would be a guess. So each set is
read at edges of its own. While the bucket around the bound is empty, they are not known yet: whatever falls
in there later is seen as unclear, and the buckets have to be looked up again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from daemon.adapters.prometheus.client import Series
from daemon.adapters.prometheus.promql import PART, Grouping
from daemon.adapters.prometheus.scrape_labels import Pod
from daemon.core.value import Value
from daemon.settings.promql_names import label, labels, quoted

SET = f"{PART}_set"
"""The label that names a pod set."""
_MEMBER = "(?:-[^-]*)?"
"""What a pod's name has more than its set's."""

Bucket = tuple[float, float]
"""Left and right edge."""
PodSet = tuple[str, str]
"""Namespace and name, as those of pods."""


def set_of(pod: Pod) -> PodSet:
    """As :func:`filled_query` does: the name without its last part."""
    namespace, name = pod
    return namespace, name.rpartition("-")[0] or name


def filled_query(selector: str, grouping: Grouping) -> str:
    """The filled buckets of each pod set. What cannot be added is not in the answer."""
    pod = quoted(grouping.pod)
    name = f'label_replace(\n{selector}\n, "{SET}", "$1", {pod}, "(.+?){_MEMBER}")'
    return f"sum by ({labels((grouping.namespace, SET))}) ({name})"


def pods_of(sets: Iterable[PodSet], grouping: Grouping) -> str:
    """A matcher for the pods of these sets, whatever namespace they are in."""
    names = "|".join(sorted({re.escape(name) for _, name in sets}))
    return f"{label(grouping.pod)}=~{quoted(f'(?:{names}){_MEMBER}')}"


def filled(rows: Iterable[Series], grouping: Grouping) -> Mapping[PodSet, tuple[Bucket, ...]]:
    """From the answer to :func:`filled_query`."""
    found: dict[PodSet, tuple[Bucket, ...]] = {}
    for series in rows:
        name = series.labels.get(SET)
        if name is not None:
            buckets = tuple((number_or_nan(left), number_or_nan(right)) for left, right in series.buckets)
            found[series.labels.get(grouping.namespace, ""), name] = buckets
    return found


class Family(Value, frozen=True):
    """Sets that are read at the same edges: those on both sides of the bound, or both the bound itself."""

    below: float
    above: float
    sets: frozenset[PodSet]


class Native(Value, frozen=True):
    """What is known of the buckets.

    ``families`` hold each set once, the largest family last; there is one at least, with or without sets.
    Of the ``unsettled`` sets the bucket around the bound is empty.
    """

    buckets: Mapping[PodSet, tuple[Bucket, ...]]
    families: tuple[Family, ...]
    unsettled: frozenset[PodSet]

    @property
    def settled(self) -> bool:
        """Whether any set is."""
        return len(self.unsettled) < len(self.buckets)

    @property
    def below(self) -> float:
        """Of all settled sets the widest."""
        return min((one.below for one in self._settled()), default=-math.inf)

    @property
    def above(self) -> float:
        return max((one.above for one in self._settled()), default=math.inf)

    def readings(self, grouping: Grouping) -> Iterator[tuple[str, Family]]:
        """Matchers and edges, in the order in which they hold: the last are for all that are left."""
        for family in self.families[:-1]:
            for namespace in sorted({namespace for namespace, _ in family.sets}):
                theirs = [one for one in family.sets if one[0] == namespace]
                theirs_alone = f"{label(grouping.namespace)}={quoted(namespace)}"
                yield f"{theirs_alone},{pods_of(theirs, grouping)}", family
        for family in self.families[-1:]:
            yield "", family

    def _settled(self) -> Iterator[Family]:
        return (family for family in self.families if family.sets - self.unsettled)


def native(buckets: Mapping[PodSet, tuple[Bucket, ...]], bound: float) -> Native:
    """The families of sets with these filled buckets."""
    gaps = {one: _around(theirs, bound) for one, theirs in buckets.items()}
    unsettled = {one: (below, above) for one, (below, above, settled) in gaps.items() if not settled}
    families: dict[Bucket, set[PodSet]] = {}
    for one, (below, above, _) in gaps.items():
        if one not in unsettled:
            families.setdefault((below, above), set()).add(one)
    by_size = sorted(families, key=lambda edges: (-len(families[edges]), edges))
    alone: dict[PodSet, Bucket] = {}
    for one, gap in unsettled.items():
        fitting = next((edges for edges in by_size if _fits(edges, gap)), None)
        if fitting is None:
            alone[one] = gap
        else:
            families[fitting].add(one)
    made = [Family(below=below, above=above, sets=frozenset(s)) for (below, above), s in families.items()]
    made.extend(_together({one: gap for one, gap in alone.items() if gap[1] == math.inf}))
    made.extend(_together({one: gap for one, gap in alone.items() if gap[1] < math.inf}))
    made.sort(key=lambda family: (len(family.sets), family.below, family.above))
    none = Family(below=-math.inf, above=math.inf, sets=frozenset())
    return Native(buckets=buckets, families=tuple(made) or (none,), unsettled=frozenset(unsettled))


def joined(
    one: Mapping[PodSet, tuple[Bucket, ...]], other: Mapping[PodSet, tuple[Bucket, ...]]
) -> Mapping[PodSet, tuple[Bucket, ...]]:
    """What is filled at either of two times."""
    return {name: (*one.get(name, ()), *other.get(name, ())) for name in one.keys() | other.keys()}


def _fits(edges: Bucket, gap: Bucket) -> bool:
    """Whether a set without anything in ``gap`` can be read at another's edges for the time being.

    Whatever falls into its bucket around the bound must be unclear then. So not at a single edge; and up to
    infinity where nothing was above, for of a bucket without end Prometheus counts none below any edge.
    """
    return gap[0] <= edges[0] < edges[1] <= gap[1] and (edges[1] == math.inf) == (gap[1] == math.inf)


def _together(gaps: Mapping[PodSet, Bucket]) -> Iterator[Family]:
    """Sets of which none is settled, at the edges that are nearest to the bound."""
    if gaps:
        below, above = max(gap[0] for gap in gaps.values()), min(gap[1] for gap in gaps.values())
        yield Family(below=below, above=above, sets=frozenset(gaps))


def _around(buckets: tuple[Bucket, ...], bound: float) -> tuple[float, float, bool]:
    """The nearest edges below and above the bound, and whether they are sure to stay the nearest."""
    at_bound = {edge for bucket in buckets for edge in bucket if same(edge, bound)}
    around = [pair for pair in buckets if pair[0] < bound < pair[1] and not at_bound & set(pair)]
    if around:
        # Of several the widest: the edges of the coarser are edges of the finer as well.
        return min(left for left, _ in around), max(right for _, right in around), True
    if at_bound:
        return min(at_bound), min(at_bound), True
    below = max((right for _, right in buckets if right < bound), default=-math.inf)
    return below, min((left for left, _ in buckets if left > bound), default=math.inf), False


def same(edge: float, bound: float) -> bool:
    return math.isclose(edge, bound, rel_tol=1e-9)


def number_or_nan(text: str) -> float:
    """A value of a label or of an edge; NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
