"""Connections that nobody can use up: each must make its request in time, and there are only so many.

Behind a request that is complete stands a sender who waits for the answer; behind a half one may be nobody.
So where there are too many connections, the oldest without a request gives way to the newest: the kubelet's
probe and Alertmanager's delivery come in however many half requests there are.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from daemon import logs

REQUEST_TIMEOUT = 10.0
"""Seconds from the first byte of a request, or from the connection, to the end of its headers."""
MOST_CONNECTIONS = 256
SHARE = 4
"""Of the process's descriptors the server takes one in so many; the others are for outgoing calls."""
BACKLOG = 128
"""Connections that the kernel holds, and that are accepted at a stroke before any is closed."""
REPEATED = 60.0
"""An error of accepting is logged once in so many seconds."""

ENDLESS = "rollbackd.endless"
"""In the scope of a request whose answer has no end of its own."""

log = logs.get("web")


def most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MOST_CONNECTIONS, max(8, soft // SHARE)) if soft > 0 else MOST_CONNECTIONS


class Connection(H11Protocol):
    """uvicorn's connection with a deadline for requests and a limit for their number."""

    most = MOST_CONNECTIONS
    timeout = REQUEST_TIMEOUT
    _deadline: asyncio.TimerHandle | None = None

    @property
    def _waits(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()
        open_ones: dict[Any, None] = self.server_state.__dict__.setdefault("in_order", {})
        open_ones[self] = None
        if len(open_ones) > self.most:
            idle = next((one for one in open_ones if one._waits), self)
            open_ones.pop(idle, None)
            idle.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self.server_state.__dict__.get("in_order", {}).pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch(begun=True)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch(begun=bool(self.conn.trailing_data[0]))

    def shutdown(self) -> None:
        """An answer without an end is not waited for."""
        super().shutdown()
        if not self._waits and self.scope is not None and ENDLESS in self.scope:
            self.transport.close()

    def _watch(self, *, begun: bool) -> None:
        if not self._waits:
            self._end()
        elif begun and self._deadline is None:
            self._begin()

    def _begin(self) -> None:
        self._deadline = self.loop.call_later(self.timeout, self.transport.abort)

    def _end(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def quiet_accepting(loop: asyncio.AbstractEventLoop) -> None:
    """Log that no connection can be accepted once in a while, and not at every try."""
    last: list[float] = []

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not str(context.get("message", "")).startswith("socket.accept()"):
            loop.default_exception_handler(context)
        elif not last or loop.time() - last[0] >= REPEATED:
            last[:] = [loop.time()]
            log.error("no connection can be accepted", error=str(context.get("exception")))

    loop.set_exception_handler(handle)
