"""The shipped example, ``config/default.yaml``: the application that the test cluster's stand-in plays."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from daemon.settings import example_file, load

APPLICATION = ("signals", "dependencies", "neighbours", "health")
"""The settings that tell of the application, and not of where it runs."""

_EXAMPLE = load(example_file())
SIGNALS = _EXAMPLE.signals
DEPENDENCIES = _EXAMPLE.dependencies
NEIGHBOURS = _EXAMPLE.neighbours
HEALTH = _EXAMPLE.health


def application() -> dict[str, Any]:
    """How the example's application is judged, as a settings file says it."""
    document = YAML(typ="safe", pure=True).load(example_file().read_text(encoding="utf-8"))
    return {name: document[name] for name in APPLICATION}
