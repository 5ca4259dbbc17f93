"""The one vocabulary of failure: what adapters raise, and what the engine decides by."""

from __future__ import annotations


class PortError(Exception):
    """An adapter could not do what it was asked; the message is one sentence for people."""


class Unavailable(PortError):
    """Temporary: the other side is down, slow, overloaded or refuses for now, or does not know us (401), as
    while a token is rotated. ``wait``: the seconds that it asks us to wait, 0 where it does not."""

    def __init__(self, message: str = "", *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Denied(PortError):
    """The other side says that we may not (403): a person must change something, and may at any time."""


class Rejected(PortError):
    """The request itself is wrong (invalid query, invalid object): asking again is useless."""


class Missing(PortError):
    """The object is not there."""


class Conflict(PortError):
    """The object changed since it was read, or exists already."""
