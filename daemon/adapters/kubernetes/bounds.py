"""How long a request may take: a write of who may lose the lease is over before somebody else may write."""

from __future__ import annotations

from collections.abc import Callable

from daemon import ports

CONNECT_TIMEOUT = 3.0
LEAST = 1.0
"""Seconds that must be left to begin a write."""


def bounds(method: str, timeout: float, allowance: Callable[[], float] | None) -> tuple[float, float] | float:
    """Seconds for the connection and for each wait after it; of a write under an allowance, for both.

    Raises Unavailable where it may not be begun.
    """
    if method == "GET" or allowance is None:
        return min(CONNECT_TIMEOUT, timeout), timeout
    left = allowance()
    if left < LEAST:
        raise ports.Unavailable("this replica does nothing: it does not hold the lease, or not for long")
    return min(left, timeout)
