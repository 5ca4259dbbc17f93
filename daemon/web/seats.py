"""Few seats that nobody can keep others from: whoever has the most gives one up when another comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from anyio import CancelScope
from starlette.exceptions import HTTPException

from daemon.web.answers import RETRY
from daemon.web.body import CLOSE

T = TypeVar("T")


def given_up(taken: Mapping[T, str]) -> T:
    """Which of the seats, each with who has it, the first taken first: the oldest of whoever has the most.

    >>> given_up({1: "a", 2: "b", 3: "b"})
    2
    """
    ((greedy, _),) = Counter(taken.values()).most_common(1)
    return next(seat for seat, who in taken.items() if who == greedy)


class Unproven:
    """Who is listened to before anything says who it is. Used on the event loop alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[CancelScope, str] = {}

    @contextmanager
    def seat(self, who: str) -> Iterator[None]:
        """Raises HTTPException (503) when it was given up for another."""
        if len(self._taken) >= self._most:
            given = given_up(self._taken)
            del self._taken[given]
            given.cancel()
        scope = CancelScope()
        self._taken[scope] = who
        try:
            with scope:
                yield
        finally:
            self._taken.pop(scope, None)
        if scope.cancelled_caught:
            raise HTTPException(
                503, f"{who} has the most deliveries that are not verified yet: deliver again", RETRY | CLOSE
            )
