"""Whether a signal's queries give counters as scraped, pod by pod: events are judged, and no rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from daemon.settings import promql
from daemon.settings.flaw import Flaw
from daemon.settings.model import Settings

GROWTH = frozenset(
    {"rate", "irate", "increase", "delta", "idelta", "deriv", "resets", "changes", "histogram_quantile"}
)
SUMS = frozenset({"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile"})


def queries(settings: Settings) -> Iterator[Flaw]:
    """A rate has no events to count, and a sum over pods has no pods."""
    pod = settings.prometheus.pod_label
    for index, signal in enumerate(settings.signals):
        for name in ("bad", "total"):
            query = getattr(signal, name)
            found = uncounted(query, pod) if query is not None else None
            if found is not None:
                yield Flaw(("signals", index, name), *found, query)


def uncounted(query: str, pod: str) -> tuple[str, str] | None:
    """Message and remedy, where it cannot be a counter of each pod.

    >>> uncounted('sum(rate(x_total[5m]))', "pod")[1]
    "write the counter alone: 'x_total'"
    >>> uncounted('sum(x_total) by (namespace, pod)', "pod") is None
    True
    """
    calls = promql.called(query)
    counters = promql.metric_names(query)
    remedy = f"write the counter alone: {counters[0]!r}" if len(counters) == 1 else "write counters alone"
    growth = next((name for name in calls if name in GROWTH or name.endswith("_over_time")), None)
    if growth is not None:
        return f"{growth}(…) is no counter as scraped: what is judged are events, counted pod by pod", remedy
    total = next((name for name in calls if name in SUMS), None)
    if total is not None and not _keeps(promql.label_lists(query), pod):
        return f"{total}(…) leaves the label {pod} out, by which releases are told apart", (
            f"{remedy}, or {total} by (namespace, {pod}) (…)"
        )
    return None


def _keeps(lists: Sequence[tuple[str, tuple[str, ...]]], label: str) -> bool:
    """Whether what is summed up keeps a label; of several sums, whether one says so."""
    return any((label in names) == (word == "by") for word, names in lists if word in {"by", "without"})
