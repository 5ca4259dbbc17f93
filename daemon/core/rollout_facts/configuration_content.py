"""What a ConfigMap holds: by its hash, as a revision was found with it, and as it is now.

Secrets are not here: what they hold is never asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.value import Instant, Value

LARGEST = 512 * 1024
"""Bytes of data that are kept of one ConfigMap. The API server takes 1 MiB, the copy's labels included."""
BACKUP = "-backup"
"""Behind a ConfigMap's name: where people keep its copy."""


class ConfigMapState(Value, frozen=True):
    """A ConfigMap as it is. ``version`` is ``ABSENT`` where it is not there, and then nothing else is set.

    ``changed_by`` says who wrote it last and when, for words; empty where that is not known.
    """

    version: str
    digest: str = ""
    size: int = 0
    immutable: bool = False
    written_at: Instant | None = None
    changed_by: str = ""
    keys: frozenset[str] = frozenset()

    @property
    def absent(self) -> bool:
        return self.version == ABSENT


class Content(Value, frozen=True, omit_defaults=True):
    """What a ConfigMap held for a revision: its hash, empty where it was not there.

    ``problem``: why this is not known, or not kept.
    """

    name: str
    digest: str = ""
    version: str = ""
    kept: bool = False
    """Whether the daemon has a copy."""
    problem: str = ""
    found: str = ""
    """The hash of what was there at that look, where it is not known to be what the revision ran with."""

    @property
    def held(self) -> str:
        """The hash of what was there when it was last looked at, good or not; empty where nothing was."""
        return self.digest or self.found


class Drift(Value, frozen=True, omit_defaults=True):
    """A ConfigMap of the target's template that does not hold what the target was found healthy with.

    ``seen`` is its version as it was found now: another one means that somebody has written since.
    ``digest`` is what is put back, from the daemon's own copy or from somebody's backup. ``problem`` says why
    nothing can be; with ``certain`` unset it is not even known whether it has changed.
    """

    name: str
    seen: str = ""
    digest: str = ""
    source: Literal["copy", "backup"] = "copy"
    changed_by: str = ""
    problem: str = ""
    certain: bool = True

    @property
    def gone(self) -> bool:
        return self.seen == ABSENT

    @property
    def restorable(self) -> bool:
        return not self.problem

    def __str__(self) -> str:
        what = "is gone" if self.gone else "was changed"
        return f"ConfigMap {self.name} {what}{self.changed_by}"


def digest_of(data: Mapping[str, str], binary: Mapping[str, str]) -> str:
    """The content's hash, whatever the order of its keys. ``binary`` values are in base64."""
    raw = msgspec.json.encode({"binaryData": binary, "data": data}, order="sorted")
    return hashlib.sha256(raw).hexdigest()


def size_of(data: Mapping[str, str], binary: Mapping[str, str]) -> int:
    """Bytes of keys and values, as they are stored."""
    return sum(
        len(key.encode()) + len(value.encode()) for part in (data, binary) for key, value in part.items()
    )


def confirmed(before: Iterable[Content], now: Iterable[Content]) -> tuple[Content, ...]:
    """What a revision was found healthy with: what did not change from its beginning to that moment.

    Pods read a ConfigMap when they start and, where it is mounted, later as well. So of one that changed in
    between nobody can tell which content is the good one.
    """
    first = {content.name: content for content in before}
    return tuple(_confirmed(first.get(content.name), content) for content in now)


def _confirmed(before: Content | None, now: Content) -> Content:
    if now.problem and not now.digest:
        return now
    if before is None or (before.problem and not before.digest and before.version != now.version):
        text = f"it is not known what ConfigMap {now.name} held at the beginning"
        return Content(name=now.name, version=now.version, problem=text, found=now.digest)
    if before.version == now.version or (before.digest == now.digest and before.version):
        return now
    text = f"ConfigMap {now.name} was changed during the watch, so which content is good is not known"
    return Content(name=now.name, version=now.version, problem=text, found=now.digest)


def drift(
    name: str, proven: Content | None, now: ConfigMapState, *, kept: bool, backup: ConfigMapState | None
) -> Drift | None:
    """How a ConfigMap differs from what the target was found healthy with; ``None`` where it does not.

    ``kept`` says whether a copy of that content is at hand; ``backup`` is somebody's ``…-backup``, where it
    was looked for.
    """
    if proven is None or (proven.problem and not proven.digest and proven.version != now.version):
        why = proven.problem if proven is not None else f"what ConfigMap {name} held then was not seen"
        return Drift(name=name, seen=now.version, problem=why, certain=False)
    if proven.version == now.version or (proven.digest and proven.digest == now.digest):
        return None
    found = Drift(name=name, seen=now.version, digest=proven.digest, changed_by=now.changed_by)
    if not proven.digest:
        return msgspec.structs.replace(
            found, problem=f"ConfigMap {name} was not there then, and the daemon deletes none"
        )
    if now.immutable:
        return msgspec.structs.replace(
            found, problem=f"ConfigMap {name} is immutable and was made anew with another content"
        )
    if kept:
        return found
    return _from_backup(found, proven, now, backup)


def _from_backup(found: Drift, proven: Content, now: ConfigMapState, backup: ConfigMapState | None) -> Drift:
    if backup is None or backup.absent or backup.digest == now.digest:
        why = proven.problem or f"the daemon has no copy of what ConfigMap {found.name} held"
        return msgspec.structs.replace(found, problem=f"{why}, and {found.name}{BACKUP} is no help")
    return msgspec.structs.replace(found, digest=backup.digest, source="backup")
