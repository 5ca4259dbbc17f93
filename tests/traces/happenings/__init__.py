"""All happenings, each a small function: what is set up, and what is done then.

``scene.record()`` parts the past, which a list tells, from what a watch tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from tests.traces.registry import HAPPENINGS, Happening

_MODULES = (
    "scaling",
    "undoing",
    "containers",
    "readiness",
    "rollouts",
    "images",
    "refusals",
    "configuration",
    "nodes",
)


def all_of_them() -> Mapping[str, Happening]:
    for module in _MODULES:
        import_module(f"{__name__}.{module}")
    return HAPPENINGS
