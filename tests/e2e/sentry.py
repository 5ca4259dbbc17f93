"""A Sentry that listens on this machine and keeps what it is sent."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LocalSentry:
    """Takes envelopes at ``/api/1/envelope/``; ``events`` are those received so far."""

    def __init__(self, address: str) -> None:
        self._lock = threading.Lock()
        self._events: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                outer.receive(body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="sentry", daemon=True)
        self.dsn = f"http://public@{address}:{self._server.server_address[1]}/1"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def receive(self, envelope: bytes) -> None:
        """Keep the envelope's event: a header line, then a header and a payload for each item."""
        lines = envelope.split(b"\n")
        for header, payload in zip(lines[1::2], lines[2::2], strict=False):
            if json.loads(header).get("type") == "event":
                with self._lock:
                    self._events.append(json.loads(payload))

    def events(self, **tags: str) -> list[dict[str, Any]]:
        """The events that bear these tags, oldest first."""
        with self._lock:
            return [event for event in self._events if tags.items() <= (event.get("tags") or {}).items()]
