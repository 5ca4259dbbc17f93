"""What stands before and beside the application on this machine: its ingress, and a service of flags."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN = "https://login.greenlang.io/"


class FrontDoor:
    """``GET`` asks the ingress, which sends to a login page until it is opened; ``POST`` switches a flag."""

    def __init__(self, address: str) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._asked: list[bool] = []
        self._posts: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                well = outer.ask()
                self.send_response(200 if well else 302)
                if not well:
                    self.send_header("Location", LOGIN)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.post(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="front door", daemon=True)
        self.url = f"http://{address}:{self._server.server_address[1]}"

    def __enter__(self) -> FrontDoor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def open(self) -> None:
        """From here on nobody has to log in."""
        with self._lock:
            self._open = True

    @property
    def answers(self) -> list[bool]:
        """Of the ingress, oldest first: whether each was well."""
        with self._lock:
            return list(self._asked)

    @property
    def posts(self) -> list[str]:
        """The paths of the requests that switched something, oldest first."""
        with self._lock:
            return list(self._posts)

    # ------------------------------------------------------------ for the server's threads

    def ask(self) -> bool:
        with self._lock:
            self._asked.append(self._open)
            return self._open

    def post(self, path: str) -> None:
        with self._lock:
            self._posts.append(path)
