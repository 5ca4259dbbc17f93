"""An HTTP server between the daemon and the API server: it counts what is written, and may end the daemon at
a write, before the API server sees it or before its answer is heard."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.cluster.cluster import Cluster

NO_WRITES = "/apis/authorization.k8s.io/"
"""Questions about rights are posted, and nothing is stored."""
HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})
PIECE = 65536


@dataclass(frozen=True, kw_only=True)
class Write:
    """A request that changes something. ``at`` is when it came (Unix seconds), ``status`` its answer."""

    method: str
    path: str
    body: Any
    at: float
    status: int = 0

    @property
    def made(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Trap:
    """The daemon's end at the first write that matches; ``made``: when the API server has answered it."""

    matches: Callable[[Write], bool]
    made: bool
    end: Callable[[], None]


class ApiProxy:
    """Takes requests over plain HTTP at ``url`` and passes them on with their own credentials."""

    def __init__(self, cluster: Cluster) -> None:
        self._secure = ssl.create_default_context(cafile=str(cluster.ca))
        self._there = urlsplit(cluster.api_url).netloc
        self._lock = threading.Lock()
        self._writes: list[Write] = []
        self._trap: Trap | None = None
        self._sprung = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ApiProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def writes(self) -> list[Write]:
        """Those that the API server carried out, in the order of their answers."""
        with self._lock:
            return [write for write in self._writes if write.made]

    def set(self, trap: Trap) -> None:
        self._sprung.clear()
        with self._lock:
            self._trap = trap

    def hang(self, hanging: bool) -> None:
        """Let the daemon's requests go unanswered, and never arrive, until told otherwise."""
        if hanging:
            self._open.clear()
        else:
            self._open.set()

    def sprung(self, within: float) -> bool:
        """Whether the daemon was ended at the trap that was set last."""
        return self._sprung.wait(within)

    # ------------------------------------------------------------ for the server's threads

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._there, context=self._secure, timeout=120)

    def connect_raw(self) -> ssl.SSLSocket:
        host, _, port = self._there.partition(":")
        plain = socket.create_connection((host, int(port or 443)), timeout=120)
        return self._secure.wrap_socket(plain, server_hostname=host)

    def wait_open(self) -> bool:
        """Where the proxy hangs: wait until it does so no more; whether it did."""
        was_open = self._open.is_set()
        return not was_open and self._open.wait()

    def trapped(self, write: Write) -> Trap | None:
        """The trap that this write springs; nobody else springs it any more."""
        with self._lock:
            trap = self._trap
            if trap is None or not trap.matches(write):
                return None
            self._trap = None
            return trap

    def spring(self, trap: Trap) -> None:
        trap.end()
        self._sprung.set()

    def answered(self, write: Write) -> None:
        with self._lock:
            self._writes.append(write)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: ApiProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A daemon that was ended hears no answer: that is no error here."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of the daemon's, and one of its own to the API server."""

    protocol_version = "HTTP/1.1"
    server: _Server
    _behind: http.client.HTTPSConnection | None = None

    def log_message(self, *_: Any) -> None:
        """The daemon's own log is enough."""

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self._tunnel()
            return
        self._answer(self._ask(self._body()))

    def do_POST(self) -> None:
        self._write()

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 (the names are the base class's)

    def finish(self) -> None:
        super().finish()
        if self._behind is not None:
            self._behind.close()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _write(self) -> None:
        body, proxy = self._body(), self.server.proxy
        if self.path.startswith(NO_WRITES):
            self._answer(self._ask(body))
            return
        write = Write(
            method=self.command,
            path=urlsplit(self.path).path,
            body=json.loads(body) if body else None,
            at=time.time(),
        )
        trap = proxy.trapped(write)
        if trap is None or trap.made:
            answer = self._ask(body)
            heard = answer.read()
            proxy.answered(replace(write, status=answer.status))
            if trap is None:
                self._answer(answer, heard)
                return
        proxy.spring(trap)
        self.close_connection = True

    def _tunnel(self) -> None:
        """Commands in pods go over a protocol of their own: bytes are passed on as they come."""
        asked = "".join(
            [f"{self.requestline}\r\n", *(f"{k}: {v}\r\n" for k, v in self.headers.items()), "\r\n"]
        )
        self._pass()
        with self.server.proxy.connect_raw() as behind:
            behind.sendall(asked.encode())
            while True:
                # What was decrypted already is not seen by select.
                ready = [behind] if behind.pending() else select.select([self.connection, behind], [], [])[0]
                self._pass()
                for source, sink in ((behind, self.connection), (self.connection, behind)):
                    if source not in ready:
                        continue
                    piece = source.recv(PIECE)
                    if not piece:
                        self.close_connection = True
                        return
                    sink.sendall(piece)

    def _pass(self) -> None:
        """Raises ConnectionAbortedError, once the proxy hangs no more."""
        if self.server.proxy.wait_open():
            # Whoever asked has given up: what is carried out now would be nobody's.
            raise ConnectionAbortedError

    def _ask(self, body: bytes) -> http.client.HTTPResponse:
        self._pass()
        if self._behind is None:
            self._behind = self.server.proxy.connect()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        self._behind.request(self.command, self.path, body=body or None, headers=headers)
        return self._behind.getresponse()

    def _answer(self, answer: http.client.HTTPResponse, heard: bytes | None = None) -> None:
        """Pass an answer on: a watch piece by piece, anything else whole."""
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in (*HOP_BY_HOP, "date", "server"):
                self.send_header(name, value)
        if heard is None and answer.headers.get("Content-Length") is not None:
            heard = answer.read()
        if heard is not None:
            self.send_header("Content-Length", str(len(heard)))
            self.end_headers()
            self.wfile.write(heard)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(PIECE):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
