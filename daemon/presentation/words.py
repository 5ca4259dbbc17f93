"""Small words: ages, names, and text that is safe on a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

from daemon.core.text import printable


def clean(text: str) -> str:
    """Without control characters: texts from the cluster must not steer somebody's terminal."""
    return printable(text, kept="\n")


def age(since: datetime, now: datetime) -> str:
    """As kubectl writes ages: ``42s``, ``5m``, ``3h``, ``2d``."""
    seconds = max(now - since, timedelta()).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size * 2 or (unit == "d" and seconds >= size):
            return f"{seconds // size:.0f}{unit}"
    return f"{seconds:.0f}s"


def duration(seconds: float) -> str:
    """``90`` → ``1 min 30 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
