"""The settings that count where recorded samples are judged, without cluster and Prometheus."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daemon.settings.model import Settings
from daemon.settings.text_source import Given
from daemon.settings.yaml_file import SettingsFile

READ = frozenset({"workloads", "signals", "policy"})
NOT_READ = Settings.model_fields.keys() - READ
UNNAMED = {"namespace": "recorded", "name": "recorded"}
"""Stands for the workload where none is guarded."""
QUERIES = {"bad": "bad", "total": "total"}
"""Stand for a signal's queries, which nobody asks: the samples are there already."""


def from_file(file: SettingsFile) -> SettingsFile:
    """The file as far as it counts, with what only a cluster needs filled in. Unknown names stay."""
    values = {"workloads": [UNNAMED], **file.values}
    if isinstance(signals := values.get("signals"), list):
        values["signals"] = [_with_queries(signal) for signal in signals]
    return replace(file, values={name: value for name, value in values.items() if name not in NOT_READ})


def from_text(given: Given) -> Given:
    return given.without(NOT_READ)


def _with_queries(signal: Any) -> Any:
    named = isinstance(signal, dict) and not signal.keys() & {"histogram", "slower_than"}
    return {**QUERIES, **signal} if named else signal
