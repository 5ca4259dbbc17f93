"""What a metrics server answers: the newest scrape of each pod, as cumulative counters."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.value import Value


class Sample(Value, frozen=True):
    """One scrape of one pod: cumulative counters, as scraped.

    ``at`` is the scrape's own time in Unix seconds, not the query's. ``bad`` is ``None`` where the series
    does not exist (yet), which is zero bad events only because ``total`` exists.
    """

    namespace: str
    pod: str
    at: float
    total: float
    bad: float | None = None
    unclear: float = 0.0
    """Events that may or may not be bad: a histogram's buckets leave it open."""


class Reading(Value, frozen=True):
    """A signal's newest samples over the fleet, or why there are none.

    ``taken_at`` is the metrics server's time of the query (Unix seconds). ``problem`` set means that the
    answer must not be relied on at all; ``problems`` name single pods whose answer is ambiguous.
    """

    signal: str
    taken_at: float
    samples: tuple[Sample, ...] = ()
    problem: str = ""
    problems: Mapping[str, str] = {}
