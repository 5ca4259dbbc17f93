"""What a signal is read from."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.settings import promql

_UNITS = {"_milliseconds": 1000.0, "_ms": 1000.0}
"""Endings of names of histograms that do not count in seconds, and how many of theirs make one."""


@dataclass(frozen=True)
class CounterPair:
    """PromQL for bad events and for all."""

    bad: str
    total: str


@dataclass(frozen=True)
class SlowShare:
    """Requests over ``bound``, which is in the histogram's own unit; ``matchers`` are those in its braces."""

    histogram: str
    matchers: str
    bound: float


Source = CounterPair | SlowShare


def slow_share(histogram: str, seconds: float) -> SlowShare:
    """Raises ValueError where the name is none."""
    found = promql.named_selector(histogram)
    if found is None:
        raise ValueError(f"{histogram!r} is not a histogram's name")
    name, matchers = found
    factor = next((factor for ending, factor in _UNITS.items() if name.endswith(ending)), 1.0)
    return SlowShare(histogram=name, matchers=matchers, bound=seconds * factor)
