"""Threads for what may hang: the daemon's memory, and questions to the API server."""

from __future__ import annotations

from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from fastapi import Response
from starlette.exceptions import HTTPException

from daemon.web.answers import RETRY

READERS = 4
MAX_WAITING = 32
"""Threads that answer the page, and questions that may wait for one."""


class Readers:
    """Few, and with a short queue: a page that asks every second must not pile up questions."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(READERS)
        self._asked = 0

    async def read(self, question: Callable[[], Response]) -> Response:
        if self._asked >= READERS + MAX_WAITING:
            raise HTTPException(503, "too many questions are waiting for an answer: ask again", RETRY)
        self._asked += 1
        try:
            return await to_thread.run_sync(question, limiter=self._limiter)
        finally:
            self._asked -= 1
