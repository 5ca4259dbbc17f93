"""The stories of :mod:`tests.e2e.test_guards`: what is deployed in each, and how it is guarded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORKLOADS: Mapping[str, dict[str, Any]] = {
    "halted": {"smoke_tests": [], "configuration": "restore", "announce": "10s"},
    "paused": {"smoke_tests": []},
    "imaged": {"smoke_tests": []},
    "gone": {"smoke_tests": []},
}
STORIES: dict[str, dict[str, Any]] = {
    **{story: {"replicas": 1} for story in WORKLOADS},
    # Its release fails by its answers, and those must leave nothing to chance.
    "gone": {"replicas": 1, "load_rps": 40.0},
}
