"""The pods that guarded workloads depend on, seen on the watch of all pods that runs anyway.

Of every pod of the namespace the labels are matched; only what a selector takes in is remembered.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.changes import Change
from daemon.adapters.kubernetes.objects import OVER, condition
from daemon.core.value import Value
from daemon.ports import Clock, Neighbour
from daemon.settings import NeighbourSettings
from daemon.settings.selector import Selector, parse


class _Pod(partial.Partial, frozen=True):
    metadata: partial.Metadata
    status: partial.PodStatus = partial.PodStatus()


class _Kept(Value, frozen=True):
    """``leaving`` pods are deleted and serve no longer. ``changed_at``: when it last became (un)usable."""

    name: str
    ready: bool
    leaving: bool
    changed_at: datetime


class _Group(msgspec.Struct):
    """One neighbour in one namespace. ``state`` is ``None`` until there is a pod."""

    pods: dict[str, _Kept]
    state: Neighbour | None = None
    witnessed: bool = False
    """Whether the beginning of the state was seen, and not only pods that were in it already."""


class NeighbourStore:
    """Thread-safe. :meth:`saw_pod` raises ``msgspec.DecodeError`` for a pod that makes no sense."""

    def __init__(self, wanted: Sequence[NeighbourSettings], clock: Clock) -> None:
        self._wanted: Mapping[str, Selector] = {one.name: parse(one.selector) for one in wanted}
        self._clock = clock
        self._lock = threading.Lock()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._of: dict[str, tuple[tuple[str, str], ...]] = {}
        """Each kept pod's groups."""

    def saw_pod(self, change: Change) -> None:
        if not self._wanted:
            return
        uid = change.meta.uid
        pod = None if change.kind == "DELETED" else msgspec.json.decode(change.raw, type=_Pod)
        keys = () if pod is None else self._takes_in(pod)
        if not keys and uid not in self._of:
            return
        with self._lock:
            for key in dict.fromkeys((*self._of.pop(uid, ()), *keys)):
                group = self._groups.setdefault(key, _Group(pods={}))
                known = group.pods.pop(uid, None) is not None
                if pod is not None and key in keys:
                    group.pods[uid] = _kept(pod)
                _judge(key[1], group, self._clock.now(), first_sight=not known)
            if keys:
                self._of[uid] = keys

    def neighbours(self, namespace: str) -> tuple[Neighbour, ...]:
        with self._lock:
            return tuple(
                group.state
                for (where, _), group in sorted(self._groups.items())
                if where == namespace and group.state is not None
            )

    def _takes_in(self, pod: _Pod) -> tuple[tuple[str, str], ...]:
        meta, labels = pod.metadata, pod.metadata.labels or {}
        if pod.status.phase in OVER or meta.controller("Job") is not None:
            return ()
        return tuple(
            (meta.namespace, name) for name, selector in self._wanted.items() if selector.matches(labels)
        )


def _kept(pod: _Pod) -> _Kept:
    meta = pod.metadata
    ready = condition(pod.status.conditions, "Ready")
    changed_at = ready.last_transition_time if ready is not None else None
    if meta.deletion_timestamp is not None:
        changed_at = meta.deletion_timestamp - timedelta(seconds=meta.deletion_grace_period_seconds or 0)
    return _Kept(
        name=meta.name,
        ready=ready is not None and ready.status == "True",
        leaving=meta.deletion_timestamp is not None,
        changed_at=changed_at or meta.creation_timestamp,
    )


def _judge(name: str, group: _Group, now: datetime, *, first_sight: bool) -> None:
    """Bring the group's state up to date. ``first_sight``: with a pod that was not known before.

    A beginning that was witnessed outlives changes within the state: what crashes again and again is down
    since the first time. Of pods that come with the first list the order must not matter.
    """
    # A scale-down leaves many pods that are on their way out; they count only when no other is left.
    pods = [pod for pod in group.pods.values() if not pod.leaving] or list(group.pods.values())
    ready = [pod for pod in pods if pod.ready and not pod.leaving]
    healthy = bool(pods) and 2 * len(ready) >= len(pods)
    before = group.state
    since = max((pod.changed_at for pod in pods if (pod in ready) is healthy), default=now)
    if before is None or before.healthy is not healthy:
        group.witnessed = not first_sight
    elif group.witnessed or not first_sight:
        since = before.since
    group.state = Neighbour(
        name=name,
        healthy=healthy,
        since=since,
        detail=f"{len(ready)} of {len(pods)} pods ready" if pods else "its last pod has gone",
        pods=tuple(sorted(pod.name for pod in group.pods.values())),
    )
