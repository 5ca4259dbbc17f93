"""Durations as people type them on the command line, by the same rule as in the settings."""

from __future__ import annotations

from typing import Any

import click


class Duration(click.ParamType[float]):
    """Seconds, or text such as ``10m`` or ``1h30m``; more than nothing."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        from pydantic_core import PydanticCustomError

        from daemon.settings.types import parse_duration

        try:
            seconds = float(parse_duration(value))
        except PydanticCustomError:
            seconds = 0.0
        if seconds <= 0:
            self.fail(f"{value!r} is not a duration: write it as 30s, 10m, 2h or 1h30m", param, ctx)
        return seconds


DURATION = Duration()
