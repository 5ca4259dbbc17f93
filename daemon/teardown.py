"""What a program started, to be stopped in reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType

from daemon import logs

STOPPING = 8.0
"""Seconds that each part is given to stop; together well below the pod's grace period."""


class Teardown:
    """What was started, to be stopped in reverse; says which part would not."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, Callable[[float], list[str]]]] = []
        self._log = logs.get()

    def add(self, name: str, stop: Callable[[float], list[str]]) -> None:
        self._parts.append((name, stop))

    def __enter__(self) -> Teardown:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, stop in reversed(self._parts):
            left = stop(STOPPING)
            if left:
                self._log.warning(f"{name} would not stop", still_running=left)


def at_once(stop: Callable[[], None]) -> Callable[[float], list[str]]:
    """A part that stops at once."""

    def stopped(_: float) -> list[str]:
        stop()
        return []

    return stopped


def close_all(parts: Iterable[object]) -> None:
    """Close those that hold something open."""
    for part in parts:
        close = getattr(part, "close", None)
        if close is not None:
            close()
