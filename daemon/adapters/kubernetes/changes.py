"""What a watcher reports, and at which pace it works."""

from __future__ import annotations

from typing import Literal

import msgspec

from daemon.core.value import Value

Kind = Literal["ADDED", "MODIFIED", "DELETED"]


class Meta(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What identifies an object and its state."""

    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""


class Change(msgspec.Struct, frozen=True):
    """``raw`` is the object as JSON; empty for an object that a new list found missing."""

    kind: Kind
    meta: Meta
    raw: bytes


class Pace(Value, frozen=True):
    """Durations in seconds. A watch proves itself alive at least every ``seconds`` + ``grace``."""

    seconds: int = 30
    """After which the server closes a watch: the proof of life of an idle one."""
    grace: float = 10.0
    """How much longer silence is borne before the connection counts as dead."""
    deadline: float = 60.0
    """Without proof of life for this long, what is known counts as stale."""
    first_delay: float = 0.2
    last_delay: float = 10.0
    too_short: float = 1.0
    """A watch that ends sooner without a single event is a failure: no loop may run hot."""


DEFAULT_PACE = Pace()
