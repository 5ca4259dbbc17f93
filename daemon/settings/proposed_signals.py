"""Which of an application's own metrics say how its users fare, as signals for a person to look at.

What is not plain is left out: a signal that counts the wrong thing would judge releases by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from daemon.core.statistics.counts import percent
from daemon.core.value import Value
from daemon.settings.inventory import FoundSeries
from daemon.settings.promql import named_selector
from daemon.settings.promql_names import selector


class ProposedSignal(Value, frozen=True):
    """Either ``bad`` and ``total``, or ``histogram`` and ``slower_than`` (seconds); ``why`` is a comment."""

    name: str
    title: str
    limit: float
    why: str
    bad: str = ""
    total: str = ""
    histogram: str = ""
    slower_than: float = 0.0


Counters = tuple[str, str]
"""Selectors of the bad events and of all."""

_FOREIGN = re.compile(
    r"(container|kube|kubelet|machine|node|go|process|python|promhttp|prometheus|scrape|net_conntrack|jvm|"
    r"rest_client|workqueue|nodejs|dotnet|apiserver|etcd|rollbackd)_.*|.*(_|^)client(_|$).*"
)
"""Metrics of the runtime, of the scrape and of calls to others: none of them is what users get."""
_SERVED = re.compile(r"request|http|rpc|served|handled|response")
_STATUS_LABEL = re.compile(r"(http_)?(response_)?(status|code|status_?code|status_?class)")
_GRPC_LABEL = re.compile(r"(rpc_)?grpc_(status_)?(code|status)")
_OUTCOME_LABEL = re.compile(r"outcome|result|status|state")
_GRPC = "(?i:unknown|deadline_?exceeded|unimplemented|internal|unavailable|data_?loss)"
_FAILED = "(?i:error|errors|fail|failed|failure|server_error|exception)"
_OUTCOME = re.compile(f"{_FAILED}|(?i:success|succeeded|successful|ok)")
_ERRORS = re.compile(r"(?P<base>.+)_(errors?|failures|failed|exceptions)_total")
_TOTALS = ("requests_total", "calls_total", "operations_total", "processed_total", "jobs_total", "total")
TIMED = re.compile(r".*(seconds|milliseconds|_ms|duration|latency|response_time)")
"""What a histogram of how long something takes is called."""
USUAL = 0.01
"""The share of slow requests, at most, that is usual beyond the edge which is proposed."""
SLOW_LIMIT = 0.05
ERROR_LIMIT = 0.05


def error_counters(series: Sequence[FoundSeries]) -> Counters | None:
    """The counters of failed and of all requests: by a label that tells them apart, else by their names."""
    labelled = {
        name: matcher
        for name, of_name in _counters(series).items()
        if (matcher := _failed(of_name)) is not None
    }
    if labelled:
        name = _most_served(labelled, series)
        also = _only_received(series, name)
        return selector(name, labelled[name], also), selector(name, also)
    return _by_name(series)


def error_signal(name: str, counters: Counters, series: Iterable[FoundSeries]) -> ProposedSignal:
    """``series``: all that were found, whosever pods they are of."""
    bad, total = counters
    named = named_selector(total)
    events = sum(one.value for one in series if named is not None and one.metric == named[0])
    why = f"{events:,.0f} events so far" if events else "no event so far: look whether this is the right one"
    return ProposedSignal(name=name, title="error rate", limit=ERROR_LIMIT, why=why, bad=bad, total=total)


def timed_histogram(series: Sequence[FoundSeries]) -> str | None:
    """The histogram of how long requests took; ``None`` where there is none."""
    names = {one.metric.removesuffix("_bucket") for one in series if one.metric.endswith("_bucket")}
    names |= {one.metric for one in series if one.native}
    timed = {name: "" for name in names if TIMED.fullmatch(name) and not _FOREIGN.fullmatch(name)}
    return _most_served(timed, series, ending="_count") if timed else None


def latency_signal(name: str, histogram: str, series: Iterable[FoundSeries]) -> ProposedSignal:
    """Slower than the first edge that few requests are slower than now."""
    counts = _edges([one for one in series if one.metric == f"{histogram}_bucket"])
    scale = 1000.0 if histogram.endswith(("_milliseconds", "_ms")) else 1.0
    total = counts.pop(math.inf, 0.0)
    if not counts:
        edge, why = scale, "a native histogram: choose what your users would call slow"
    elif not total:
        edge = next((one for one in sorted(counts) if one >= scale), max(counts))
        why = "no event so far: choose what your users would call slow"
    else:
        edge = next((one for one in sorted(counts) if 1 - counts[one] / total <= USUAL), max(counts))
        slower = percent(max(0.0, 1 - counts[edge] / total))
        why = f"{slower} of {total:,.0f} were slower so far; an edge of its buckets"
    seconds = edge / scale
    title = f"share of requests slower than {seconds:g} s"
    return ProposedSignal(
        name=name, title=title, limit=SLOW_LIMIT, why=why, histogram=histogram, slower_than=seconds
    )


def _counters(series: Sequence[FoundSeries]) -> dict[str, list[FoundSeries]]:
    found: dict[str, list[FoundSeries]] = {}
    for one in series:
        if one.metric.endswith(("_total", "_count")) and not _FOREIGN.fullmatch(one.metric):
            found.setdefault(one.metric, []).append(one)
    return found


def _failed(series: Sequence[FoundSeries]) -> str | None:
    """The matcher that selects failed events by one label's values; ``None`` where no label tells."""
    values: dict[str, set[str]] = {}
    for one in series:
        for label, value in one.labels.items():
            values.setdefault(label, set()).add(value)
    found = (match(name, seen) for match in (_by_status, _by_word) for name, seen in sorted(values.items()))
    return next(filter(None, found), None)


def _by_status(label: str, values: set[str]) -> str:
    name = label.lower()
    if _STATUS_LABEL.fullmatch(name):
        if all(re.fullmatch(r"[1-5]\d\d", value) for value in values):
            return f'{label}=~"5.."'
        if all(re.fullmatch(r"[1-5]xx", value) for value in values):
            return f'{label}="5xx"'
    if _GRPC_LABEL.fullmatch(name):
        return f'{label}=~"{_GRPC}"'
    return ""


def _by_word(label: str, values: set[str]) -> str:
    if _OUTCOME_LABEL.fullmatch(label.lower()) and any(_OUTCOME.fullmatch(value) for value in values):
        return f'{label}=~"{_FAILED}"'
    return ""


def _only_received(series: Sequence[FoundSeries], name: str) -> str:
    """A mesh's proxy counts a request at both its ends; the receiver's count is the service's."""
    reporters = {one.labels.get("reporter", "") for one in series if one.metric == name}
    return 'reporter="destination"' if "destination" in reporters else ""


def _most_served(names: Mapping[str, str], series: Sequence[FoundSeries], ending: str = "") -> str:
    """The one that looks most like requests that were served, then the one that counted most."""
    counted = dict.fromkeys(names, 0.0)
    for one in series:
        name = one.metric.removesuffix(ending) if ending else one.metric
        if name in counted and (not ending or one.metric.endswith(ending)):
            counted[name] += one.value
    return max(sorted(names), key=lambda name: (bool(_SERVED.search(name)), counted[name]))


def _by_name(series: Sequence[FoundSeries]) -> Counters | None:
    """``x_errors_total`` of ``x_requests_total``, where there are never more errors than requests."""
    sums: dict[str, float] = {}
    for name, of_name in _counters(series).items():
        sums[name] = sum(one.value for one in of_name)
    pairs = [
        (bad, total)
        for bad in sorted(sums)
        if (found := _ERRORS.fullmatch(bad))
        for total in (f"{found['base']}_{ending}" for ending in _TOTALS)
        if total in sums and sums[bad] <= sums[total]
    ]
    return (selector(pairs[0][0]), selector(pairs[0][1])) if pairs else None


def _edges(buckets: Iterable[FoundSeries]) -> dict[float, float]:
    """Edge → events up to it, over all pods and labels."""
    counts: dict[float, float] = {}
    for one in buckets:
        edge = float(one.labels.get("le", "inf"))
        counts[edge] = counts.get(edge, 0.0) + one.value
    return counts
