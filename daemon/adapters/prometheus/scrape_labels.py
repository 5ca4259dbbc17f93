"""Which labels tell apart who has scraped a pod's counters, so that each request counts once.

Two Services that select one pod have it scraped twice. The copies differ in labels of the scrape
(``service``, ``endpoint``, ``job``, ...), and any of these names may be a label of the application's
elsewhere. So they are looked up: the series ``up`` carries exactly the labels of the scrape, and nothing of
the application (decision 0017).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from daemon.adapters.prometheus.client import Answer
from daemon.adapters.prometheus.promql import INSTANCE, JOB, PART, Grouping
from daemon.adapters.prometheus.rows import Decoded
from daemon.core.signals.sample import Sample
from daemon.core.value import Value
from daemon.ports import Clock
from daemon.settings.promql_names import labels as written

KEPT = 600.0
"""Seconds for which labels are not looked up again, unless there is a pod that was not seen then."""

Labels = Mapping[str, str]
Pod = tuple[str, str]
Address = tuple[str, str, str]
"""Namespace, pod and instance."""
Span = tuple[datetime, datetime, float]
"""Start, end, and seconds between two looks."""


class InstantClient(Protocol):
    def instant(self, query: str) -> Answer: ...
    def range(self, query: str, start: datetime, end: datetime, *, step: float) -> Answer: ...


class Scrapers(Value, frozen=True):
    """What was found, and of which pods. ``ambiguous`` are those whose scrapes no such label tells apart."""

    labels: tuple[str, ...]
    pods: frozenset[Pod]
    ambiguous: Mapping[Pod, tuple[str, ...]]
    """With the labels that would, if they were not the application's elsewhere."""

    def know(self, samples: Iterable[Sample]) -> bool:
        return all((sample.namespace, sample.pod) in self.pods for sample in samples)

    def settled(self, decoded: Decoded) -> Decoded:
        """What can be relied on, and what is wrong with the other pods."""
        problems = {
            pod: f"pod {namespace}/{pod} is scraped more than once, by scrapes that differ in "
            f"{' and '.join(by)} alone, which elsewhere is the application's — drop all scrapes but one, "
            "or add the label that tells them apart to prometheus.replica_labels"
            for (namespace, pod), by in self.ambiguous.items()
        }
        kept = [one for one in decoded.samples if (one.namespace, one.pod) not in self.ambiguous]
        return replace(decoded, samples=tuple(kept), problems={**problems, **decoded.problems})

    def seen(self, decoded: Decoded) -> Decoded:
        """Of the same, the pods that were looked at: one that came after can wait for the next reading."""
        settled = self.settled(decoded)
        return replace(settled, samples=tuple(one for one in settled.samples if self.know([one])))


class ScrapeLabels:
    """Keeps what was found between readings. Thread-safe. Raises Unavailable, Rejected."""

    def __init__(self, grouping: Grouping, client: InstantClient, clock: Clock) -> None:
        self._grouping = grouping
        self._client = client
        self._clock = clock
        self._kept: tuple[tuple[str, ...], Scrapers, float] | None = None

    def now(self, series: Sequence[str], samples: Iterable[Sample] = ()) -> Scrapers:
        """Of those who scrape these series; looked up anew where a sample's pod was not seen before."""
        asked, kept = tuple(series), self._kept
        fresh = kept is not None and kept[0] == asked and self._clock.monotonic() < kept[2]
        if kept is not None and fresh and kept[1].know(samples):
            return kept[1]
        found = self.past(asked, None)
        self._kept = (asked, found, self._clock.monotonic() + KEPT)
        return found

    def past(self, series: Sequence[str], span: Span | None) -> Scrapers:
        """Of those who have scraped them in a span of time."""
        every = "\nor ".join(f"(\n{one}\n)" for one in series)
        targets = [*self._ask(f"up and on ({INSTANCE}) (\n{every}\n)", span)]
        names = _names(targets, self._grouping)
        by = (*_address_labels(self._grouping), *names, *self._grouping.replicas)
        rows = [*self._ask(f"group by ({written(by)}) (\n{every}\n)", span)]
        return scrapers(targets, rows, names, self._grouping)

    def _ask(self, query: str, span: Span | None) -> Iterator[Labels]:
        if span is None:
            answer = self._client.instant(query)
        else:
            answer = self._client.range(query, span[0], span[1], step=span[2])
        return (series.labels for series in answer.series)


def scrapers(
    targets: Sequence[Labels], rows: Iterable[Labels], names: Sequence[str], grouping: Grouping
) -> Scrapers:
    """From the ``up`` of targets, and the series they gave, with those of their labels that are in ``names``.

    A label whose value is on no target at the address is the application's own: it has taken the place of
    the scrape's (``honor_labels``), or was there before. It tells no scrapers apart, anywhere.
    """
    at: dict[Address, list[Labels]] = {}
    for row in rows:
        at.setdefault(_address(row, grouping), []).append(row)
    known = _Targets(targets, grouping)
    own = {name for name in names if any(known.lack(name, theirs, where) for where, theirs in at.items())}
    told = tuple(name for name in names if name not in own)
    others = tuple(name for name in names if name not in told)
    ambiguous: dict[Pod, tuple[str, ...]] = {}
    for address, theirs in at.items():
        if alike := _alike(known.at(address), theirs, (*told, *grouping.replicas), others):
            ambiguous[address[:2]] = alike
    return Scrapers(labels=told, pods=frozenset(address[:2] for address in at), ambiguous=ambiguous)


def _alike(
    targets: Iterable[Labels], rows: Sequence[Labels], told: Sequence[str], others: Sequence[str]
) -> tuple[str, ...]:
    """In what several targets at one address differ that ``told`` does not tell apart; nothing for none.

    Where no series has such a label from a target, the application's own has taken its place in all copies,
    or it was dropped: so they are one series. Where all have the same, they are of one of the targets.
    """
    groups: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for target in targets:
        groups.setdefault(_values(target, told), set()).add(_values(target, others))
    for group in groups.values():
        differing = tuple(name for at, name in enumerate(others) if len({values[at] for values in group}) > 1)
        theirs = {name: {values[others.index(name)] for values in group} - {""} for name in differing}
        copied = any(row.get(name, "") in theirs[name] for name in differing for row in rows)
        if copied and len({_values(row, differing) for row in rows}) > 1:
            return differing
    return ()


class _Targets:
    """The labels of the targets by address."""

    def __init__(self, targets: Iterable[Labels], grouping: Grouping) -> None:
        self._of_pods: dict[Address, list[Labels]] = {}
        self._of_instances: dict[str, list[Labels]] = {}
        for target in targets:
            self._of_pods.setdefault(_address(target, grouping), []).append(target)
            self._of_instances.setdefault(target.get(INSTANCE, ""), []).append(target)

    def at(self, address: Address) -> Sequence[Labels]:
        # What tells of other pods, as a proxy's metrics do, carries their names and not its target's.
        return self._of_pods.get(address) or self._of_instances.get(address[2], [])

    def lack(self, name: str, rows: Iterable[Labels], address: Address) -> bool:
        """Whether a row has a value of the label that no target there has.

        Where nothing is known of the targets, ``job`` is taken for the scrape's, as it nearly always is.
        """
        targets = self.at(address)
        values = {target.get(name, "") for target in targets}
        found = {row.get(name, "") for row in rows} - {""}
        return bool(found - values) and (bool(targets) or name != JOB)


def _names(targets: Iterable[Labels], grouping: Grouping) -> tuple[str, ...]:
    """Those of the targets' labels that may tell scrapers apart; ``job`` first."""
    others = {"__name__", PART, JOB, *_address_labels(grouping), *grouping.replicas}
    found = {name for target in targets for name in target} - others
    return (*((JOB,) if JOB not in grouping.replicas else ()), *sorted(found))


def _address_labels(grouping: Grouping) -> tuple[str, str, str]:
    return grouping.namespace, grouping.pod, INSTANCE


def _address(labels: Labels, grouping: Grouping) -> Address:
    namespace, pod, instance = (labels.get(name, "") for name in _address_labels(grouping))
    return namespace, pod, instance


def _values(labels: Labels, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)
