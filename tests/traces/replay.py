"""Feeds a trace through the daemon's own adapters, as its watchers would, for judging what it makes of it.

The time that a view is seen at is the time at which the change arrived at the recorder; both clocks are the
cluster's own, as it ran on one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, repeat
from math import inf
from typing import NamedTuple

import msgspec

from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.adapters.kubernetes.store import Store
from daemon.core.model import Workload, WorkloadRef
from tests.traces.trace import Entry, Trace


class View(NamedTuple):
    """What the daemon knew of the Deployment at a time: just after ``entry``, or between two changes.

    ``workload`` is ``None`` while it knew of none.
    """

    at: datetime
    entry: Entry | None
    workload: Workload | None


def ref(trace: Trace) -> WorkloadRef:
    return WorkloadRef(namespace=trace.header.namespace, name=trace.header.deployment)


def moment(trace: Trace, at: float) -> datetime:
    """The time that an entry or a step gives as seconds since the trace began."""
    return trace.header.began + timedelta(seconds=at)


def replay(trace: Trace, store: Store | None = None, *, every: float | None = None) -> Iterator[View]:
    """A view for each change of a Deployment, ReplicaSet or pod, in the order of arrival.

    With ``every`` there is one each so many seconds as well, up to the end of the recording: much of what is
    judged depends on how long nothing changed. Nodes and events are passed over, for the store takes none.
    Without ``store``, one that guards everything.
    """
    chosen = store or Store(lambda _ref, _labels: True)
    ticks = count(every, every) if every is not None else repeat(inf)
    tick = next(ticks)
    for entry in trace.entries:
        while tick < entry.at:
            yield View(moment(trace, tick), None, chosen.workload(ref(trace)))
            tick = next(ticks)
        if _feed(chosen, entry):
            yield View(moment(trace, entry.at), entry, chosen.workload(ref(trace)))
    while tick <= trace.header.lasted:
        yield View(moment(trace, tick), None, chosen.workload(ref(trace)))
        tick = next(ticks)


def _feed(store: Store, entry: Entry) -> bool:
    """Whether the store took it."""
    match entry.kind:
        case "Deployment":
            store.saw_deployment(change(entry))
        case "ReplicaSet":
            store.saw_replica_set(change(entry))
        case "Pod":
            store.saw_pod(change(entry))
        case "Node" | "Event":
            return False
    return True


def change(entry: Entry) -> Change:
    """An entry as a watcher tells it."""
    raw = msgspec.json.encode(entry.whole)
    meta = msgspec.convert((entry.whole or {}).get("metadata"), type=Meta)
    return Change(kind=entry.told, meta=meta, raw=raw)
