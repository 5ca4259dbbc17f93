"""Registries that do not give what they are asked for: down, closed to us, or out of patience."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from tests.e2e.cluster.cluster import Cluster

Manner = Literal["asks for a token again", "gives no token", "forbids", "is out of patience", "is broken"]
NOBODY = "127.0.0.1:9"
"""An address of the node where nobody listens."""


class Host:
    """How the node reaches the registry of one name: containerd reads the file anew at each pull."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.name = name
        self._folder = cluster.state.registry_hosts / name

    def point_to(self, address: str) -> None:
        self._folder.mkdir(exist_ok=True)
        text = (
            f'server = "http://{address}"\n[host."http://{address}"]\n  capabilities = ["pull", "resolve"]\n'
        )
        (self._folder / "hosts.toml").write_text(text)

    def remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Registry:
    """Speaks as much of the registry's protocol as it takes to be refused. Listens until it is closed."""

    def __init__(self, cluster: Cluster, manner: Manner) -> None:
        self._server = ThreadingHTTPServer(
            (cluster.host_address, 0), type("Handler", (_Handler,), {"manner": manner})
        )
        self.address = f"{cluster.host_address}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name="registry", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    manner: Manner

    def do_GET(self) -> None:
        asked = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            self._token()
            return
        match self.manner:
            case "is out of patience":
                self._refuse(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
            case "is broken":
                self._refuse(503, "UNAVAILABLE", "service unavailable")
            case "forbids" if asked:
                self._refuse(403, "DENIED", "requested access to the resource is denied")
            case _:
                self._challenge(again=bool(asked))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _token(self) -> None:
        if self.manner == "gives no token":
            self._refuse(401, "UNAUTHORIZED", "authentication required")
        else:
            self._send(200, json.dumps({"token": "anonymous"}), {})

    def _challenge(self, *, again: bool) -> None:
        host = self.headers["Host"]
        challenge = f'Bearer realm="http://{host}/token",service="{host}",scope="repository:traces/app:pull"'
        if again:
            challenge += ',error="insufficient_scope"'
        self._refuse(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge})

    def _refuse(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps({"errors": [{"code": code, "message": message}]}), headers or {})

    def _send(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""
