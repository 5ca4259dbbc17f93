"""The threads that take turns off the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from daemon.engine.queue import Turn, WorkQueue
from daemon.ports import Clock

WORKERS: Final = 8
"""Looks at workloads that may wait for the API server or for pods at the same time."""
SHARE: Final = WORKERS // 2
"""Of them in one namespace, for what one of its workloads waits for the others often wait for as well."""
LONG: Final = 60.0
"""Seconds with one workload after which people are told: whatever it waits for should have given up."""


class Workers:
    """``handle`` does a turn's work and raises nothing; :meth:`step` is for who has a time of their own."""

    def __init__(
        self, queue: WorkQueue, handle: Callable[[Turn], None], clock: Clock, *, number: int
    ) -> None:
        self._queue = queue
        self._handle = handle
        self._clock = clock
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True) for n in range(number)
        ]
        self._beat = clock.monotonic()
        self._busy: dict[int, tuple[float, Turn]] = {}
        """Thread → since when (monotonic), and with what."""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, timeout: float) -> list[str]:
        """Wait up to ``timeout`` seconds for the end of all, once the queue is closed; names the others."""
        edge = self._clock.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, edge - self._clock.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def alive(self, within: float) -> bool:
        """Whether any came round lately (seconds)."""
        return self._clock.monotonic() - self._beat <= within

    def problems(self) -> Mapping[str, str]:
        """Workload → how long it has kept a worker, where that is long."""
        now = self._clock.monotonic()
        return {
            str(turn.about): f"has kept a worker busy for {now - since:.0f} s; look at the API server, "
            "at the pods' health endpoints and at the log"
            for since, turn in tuple(self._busy.values())
            if turn.about is not None and now - since > LONG
        }

    def step(self) -> bool:
        """Do one thing that is due; ``False`` when there is none."""
        self._beat = self._clock.monotonic()
        turn = self._queue.take(wait=False)
        if turn is not None:
            self._do(turn)
        return turn is not None

    def _work(self) -> None:
        while (turn := self._queue.take()) is not None:
            self._do(turn)

    def _do(self, turn: Turn) -> None:
        me = threading.get_ident()
        self._beat = self._clock.monotonic()
        self._busy[me] = (self._beat, turn)
        try:
            self._handle(turn)
        finally:
            del self._busy[me]
            self._queue.done(turn)
