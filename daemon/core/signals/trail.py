"""How the evidence of a signal grew, round by round: what the pictures show."""

from __future__ import annotations

from daemon.core.value import Value


class Point(Value, frozen=True, array_like=True):
    """What the new pods did in one round of scrapes, and the evidence after it (log10 of e-values)."""

    at: float
    """The round's last scrape, Unix seconds."""
    bad: float = 0.0
    total: float = 0.0
    over_limit: float = 0.0
    over_baseline: float = 0.0
