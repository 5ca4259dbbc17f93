"""What can be made to go wrong with the calls of a twin."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from daemon.ports import PortError


class Killed(BaseException):
    """The process ends here: nothing that catches exceptions may see to anything any more."""


class _Trouble(NamedTuple):
    """``happen`` is called at that moment, and may raise."""

    happen: Callable[[], None]
    made: bool


def _raising(error: BaseException) -> Callable[[], None]:
    def happen() -> None:
        raise error.with_traceback(None)

    return happen


class Troubles:
    """Errors planned for the calls to come. A ``made`` trouble strikes when the call has taken effect:
    the world has changed, and the caller does not know."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._always: PortError | None = None
        self._next: deque[_Trouble] = deque()
        self._planned: tuple[int, _Trouble] | None = None
        self.calls = 0
        """How many calls there were, the failed ones included."""

    def fail(self, error: PortError | None) -> None:
        """Every call raises ``error`` and does nothing, until told ``None``."""
        with self._lock:
            self._always = error

    def fail_next(self, count: int, error: PortError, *, made: bool = False) -> None:
        """The next ``count`` calls raise ``error``."""
        with self._lock:
            self._next.extend([_Trouble(_raising(error), made)] * count)

    def crash_after(self, calls: int, *, made: bool = True) -> None:
        """Raise :class:`Killed` at the call of this number, counted from 1 and from now, once."""
        self.at_call(calls, _raising(Killed(f"at call {calls}")), made=made)

    def at_call(self, calls: int, happen: Callable[[], None], *, made: bool) -> None:
        """The same, with whatever is to happen there."""
        with self._lock:
            self._planned = (self.calls + calls, _Trouble(happen, made))

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call; the body is what it does to the world."""
        trouble = self._of_this_call()
        if trouble is not None and not trouble.made:
            trouble.happen()
        yield
        if trouble is not None and trouble.made:
            trouble.happen()

    def _of_this_call(self) -> _Trouble | None:
        with self._lock:
            self.calls += 1
            if self._planned is not None and self._planned[0] == self.calls:
                trouble, self._planned = self._planned[1], None
                return trouble
            if self._always is not None:
                return _Trouble(_raising(self._always), made=False)
            return self._next.popleft() if self._next else None
