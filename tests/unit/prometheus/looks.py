"""Telling apart what is asked of who scrapes from what is asked of the counters."""

from __future__ import annotations

import re

_SERIES = re.compile(r"group by \([^)]*\binstance\b")


def of_targets(query: str) -> bool:
    return query.startswith("up and on (instance)")


def of_scrapes(query: str) -> bool:
    """Whether it asks for the labels of targets, or for those of their series."""
    return of_targets(query) or _SERIES.match(query) is not None
