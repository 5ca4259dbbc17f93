"""Servers that speak Prometheus's API: the real ones, which are built for these tests alone."""

from __future__ import annotations

import os

CHOSEN = "ROLLBACKD_BACKENDS"
"""Names of servers, with spaces between; ``make e2e-backends`` sets it."""


def names() -> tuple[str, ...]:
    """The servers that are tested; none unless they are asked for: they take minutes to build."""
    return tuple(os.environ.get(CHOSEN, "").split())
