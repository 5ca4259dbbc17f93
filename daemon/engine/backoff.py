"""Pauses between tries: each is twice the one before, up to a longest."""

from __future__ import annotations

from typing import NamedTuple


class Backoff(NamedTuple):
    """Seconds."""

    first: float
    longest: float

    def after(self, before: float | None) -> float:
        """The next pause; ``before`` is the last one, ``None`` at the first failure."""
        return self.first if before is None else min(self.longest, 2 * before)
