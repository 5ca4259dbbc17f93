"""uvicorn in a thread of its own, which leaves the process's signals alone."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from daemon.ports import Rejected
from daemon.web.connections import (
    BACKLOG,
    REQUEST_TIMEOUT,
    Connection,
    most_connections,
    quiet_accepting,
)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        quiet_accepting(asyncio.get_running_loop())
        await super().startup(sockets)
        self._listening.set()


class WebServer:
    """Serves an application until it is stopped. Starts once.

    uvicorn installs signal handlers, and raises the signal again when it ends, only in the main thread; it
    never runs there.
    """

    def __init__(
        self, app: ASGIApp, *, host: str, port: int, request_timeout: float = REQUEST_TIMEOUT
    ) -> None:
        self._address = (host, port)
        self._listening = threading.Event()
        self._socket: socket.socket | None = None
        self._port = port
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http=type("_Connection", (Connection,), {"most": most_connections(), "timeout": request_timeout}),
            backlog=BACKLOG,
            # Below it are complaints of single requests that are none: any sender could fill the log.
            log_level="error",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
        )
        self._server = _Server(config, self._listening)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on; where 0 was asked for, the one it got, from :meth:`start` on."""
        return self._port

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Returns when requests are answered. Raises Rejected when the address cannot be listened on."""
        self._socket = self._listen()
        self._port = int(self._socket.getsockname()[1])
        self._thread.start()
        self._listening.wait()
        if not self._server.started:
            raise Rejected("the web server ended while it started: see the log above for the reason")

    def stop(self, timeout: float) -> bool:
        """Finish the requests under way, within ``timeout`` seconds; whether it has ended.

        After four fifths of the time the requests left are cancelled.
        """
        self._server.config.timeout_graceful_shutdown = max(1, int(timeout * 0.8))
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _listen(self) -> socket.socket:
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # A wildcard for both families, where the kernel has both.
        dualstack = host == "::" and socket.has_dualstack_ipv6()
        try:
            listening = socket.create_server(
                self._address, family=family, backlog=BACKLOG, dualstack_ipv6=dualstack
            )
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise Rejected(
                f"cannot listen on {host} port {port}: {reason}; stop what uses the port or choose another"
            ) from error
        # Accepted connections inherit it. asyncio sets it only on sockets that name a protocol; without it
        # the second packet of every answer waits some 40 ms for the first one's acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening

    def _serve(self) -> None:
        assert self._socket is not None
        try:
            self._server.run(sockets=[self._socket])
        finally:
            # Also when it failed: start() must not wait for ever.
            self._listening.set()
