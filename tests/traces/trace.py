"""A trace: what a namespace's watches told while something happened, as text that people can read.

The first line is the :class:`Header`, every other line one :class:`Entry` in the order of arrival. An object
is written whole when it is first seen; after that an entry carries a JSON merge patch (RFC 7386) from the
object as it was told before, which is what keeps a trace small and shows at a glance what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

FOLDER = Path(__file__).with_name("recorded")
LARGEST = 60_000
"""Bytes of one trace: what a reviewer still opens."""

Object = dict[str, Any]
Kind = Literal["Node", "Deployment", "ReplicaSet", "Pod", "Event"]
Told = Literal["ADDED", "MODIFIED", "DELETED"]


class Step(msgspec.Struct, frozen=True):
    """What was done to the cluster, ``at`` seconds after the trace began, or before it where negative."""

    at: float
    did: str


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a trace shows. ``complete`` and ``ready`` are the state it ends in.

    ``simulated_nodes`` says that the pods ran on simulated nodes: everything about them is real but what a
    kubelet would have written of their containers.
    """

    name: str
    shows: str
    kubernetes: str
    began: datetime
    namespace: str
    deployment: str
    simulated_nodes: bool = False
    complete: bool = True
    """Whether the Deployment's rollout is complete at the end, by the rule of ``kubectl rollout status``."""
    ready: int = 0
    """Pods that are ready at the end and not being deleted, of whatever ReplicaSet."""
    steps: tuple[Step, ...] = ()


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change as it arrived, ``at`` seconds after the trace began."""

    at: float
    told: Told
    kind: Kind
    uid: str
    whole: Object | None = None
    patch: Object | None = None


class Trace(msgspec.Struct, frozen=True):
    """A trace whose entries carry whole objects."""

    header: Header
    entries: tuple[Entry, ...]


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Object:
    """The merge patch that makes ``new`` of ``old``. Neither may hold a null, which a patch cannot say."""
    patch: Object = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            if inner := difference(before, value):
                patch[key] = inner
        elif key not in old or before != value:
            patch[key] = value
    return patch


def patched(old: Mapping[str, Any], patch: Mapping[str, Any]) -> Object:
    """``old`` after a merge patch."""
    made = dict(old)
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict):
            inner = made.get(key)
            made[key] = patched(inner if isinstance(inner, dict) else {}, value)
        else:
            made[key] = value
    return made


def dump(trace: Trace) -> bytes:
    """A trace as text; keys in alphabetical order, so that two recordings can be compared."""
    lines = [_line(trace.header)]
    known: dict[str, Object] = {}
    for entry in trace.entries:
        whole = entry.whole
        if whole is None:
            raise ValueError(f"an entry of {entry.uid} at {entry.at} has no object")
        before = known.get(entry.uid)
        known[entry.uid] = whole
        if before is not None:
            entry = msgspec.structs.replace(entry, whole=None, patch=difference(before, whole))
        lines.append(_line(entry))
    return b"\n".join(lines) + b"\n"


def _line(value: Header | Entry) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def parse(text: bytes) -> Trace:
    """Raises ``msgspec.DecodeError`` for what is no trace."""
    first, *rest = text.splitlines()
    entries = (msgspec.json.decode(line, type=Entry) for line in rest)
    return Trace(msgspec.json.decode(first, type=Header), tuple(_whole(entries)))


def _whole(entries: Iterable[Entry]) -> Iterator[Entry]:
    known: dict[str, Object] = {}
    for entry in entries:
        if entry.whole is not None:
            known[entry.uid] = entry.whole
        else:
            known[entry.uid] = patched(known[entry.uid], entry.patch or {})
        yield msgspec.structs.replace(entry, whole=known[entry.uid], patch=None)


def path(name: str) -> Path:
    return FOLDER / f"{name}.jsonl"


def names() -> list[str]:
    """Of all traces that are recorded."""
    return sorted(file.stem for file in FOLDER.glob("*.jsonl"))


def read(name: str) -> Trace:
    return parse(path(name).read_bytes())
