"""Writes down what the watches of one namespace tell, each with its time of arrival."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.traces.api import Api, Watch
from tests.traces.trace import Entry, Kind, Step, Told
from tests.traces.trimming import ROUTINE, trim

# In the daemon's order: what owns comes before what is owned.
_PATHS: Mapping[Kind, str] = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Event": "/api/v1/namespaces/{}/events",
    "Node": "/api/v1/nodes",
}


class Recorder:
    """Records from :meth:`start` to :meth:`stop`. ``nodes`` is a selector, as query parameters."""

    def __init__(self, api: Api, namespace: str, *, nodes: Mapping[str, str]) -> None:
        self._api = api
        self._namespace = namespace
        self.nodes = nodes
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._told: dict[str, Mapping[str, Any]] = {}
        self._watches: list[Watch] = []
        self._start = time.time()
        self._steps: list[tuple[float, str]] = []

    @property
    def began(self) -> datetime:
        return datetime.fromtimestamp(self._start, UTC)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Of an event that repeats itself the first and the last: a probe that fails tells it each second."""
        with self._lock:
            entries = tuple(self._entries)
        last = {entry.uid: entry for entry in entries if entry.kind == "Event"}
        return tuple(
            entry
            for entry in entries
            if entry.kind != "Event" or entry.told == "ADDED" or last[entry.uid] is entry
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(Step(at=round(at - self._start, 3), did=did) for at, did in self._steps)

    def start(self) -> None:
        self._start = time.time()
        listed = {kind: self._list(kind) for kind in _PATHS}
        for kind, listing in listed.items():
            # Events from before it are history that nobody is told again.
            for item in () if kind == "Event" else listing["items"]:
                self._write(kind, "ADDED", item)
        for kind, listing in listed.items():
            self._follow(kind, listing["metadata"]["resourceVersion"])

    def stop(self) -> None:
        for watch in self._watches:
            watch.stop()

    def note(self, did: str) -> None:
        """Write down a step that is about to be taken."""
        self._steps.append((time.time(), did))

    def _now(self) -> float:
        return round(time.time() - self._start, 3)

    def _path(self, kind: Kind) -> str:
        return _PATHS[kind].format(self._namespace)

    def _selector(self, kind: Kind) -> Mapping[str, str]:
        return self.nodes if kind == "Node" else {}

    def _list(self, kind: Kind) -> dict[str, Any]:
        query = "&".join(f"{key}={value}" for key, value in self._selector(kind).items())
        return self._api.get(f"{self._path(kind)}?{query}")

    def _follow(self, kind: Kind, since: str) -> None:
        def tell(event: Any) -> None:
            if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                self._write(kind, event["type"], event["object"])

        self._watches.append(self._api.watch(self._path(kind), since, self._selector(kind), tell))

    def _write(self, kind: Kind, told: Told, raw: Mapping[str, Any]) -> None:
        if kind == "Event" and raw["reason"] in ROUTINE:
            return
        uid = raw["metadata"]["uid"]
        whole = trim(kind, raw)
        # A heartbeat, or a field that is not kept: nothing but the version is another.
        shown = _without_version(whole)
        with self._lock:
            if told == "MODIFIED" and self._told.get(uid) == shown:
                return
            self._told[uid] = shown
            self._entries.append(Entry(at=self._now(), told=told, kind=kind, uid=uid, whole=whole))


def _without_version(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = {key: value for key, value in whole["metadata"].items() if key != "resourceVersion"}
    return {**whole, "metadata": metadata}
