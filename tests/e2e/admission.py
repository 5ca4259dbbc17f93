"""Holds up the daemon's patches at the API server, by an admission webhook that takes its time."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import trustme

from tests.e2e.cluster.cluster import Cluster

LONGEST = 25.0


class DelayedPatches:
    """While entered, a patch by the daemon in the namespace waits at the API server until the end of it."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = f"delay-{namespace}"
        self._arrived = threading.Event()
        self._over = threading.Event()
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(cluster.host_address).configure_cert(context)
        self._ca = authority.cert_pem.bytes()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.admit(review["request"])
                review["response"] = {"uid": review["request"]["uid"], "allowed": True}
                body = json.dumps(review).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """The API server hangs up when its own client was killed: that is what we are here for."""

        self._server = Server((cluster.host_address, 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, name="admission", daemon=True)

    def admit(self, request: dict[str, Any]) -> None:
        if (request.get("options") or {}).get("fieldManager") == "rollbackd":
            self._arrived.set()
            self._over.wait(LONGEST)

    def arrived(self, within: float) -> bool:
        """Whether a patch of the daemon waits at the API server."""
        return self._arrived.wait(within)

    def __enter__(self) -> DelayedPatches:
        self._thread.start()
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(self._configuration(), file)
            file.flush()
            self._cluster.kubectl("apply", "-f", file.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.kubectl("delete", "validatingwebhookconfiguration", self._name)
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _configuration(self) -> dict[str, Any]:
        port = self._server.server_address[1]
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self._name},
            "webhooks": [
                {
                    "name": "delay.rollbackd.test",
                    "clientConfig": {
                        "url": f"https://{self._cluster.host_address}:{port}/",
                        "caBundle": base64.b64encode(self._ca).decode(),
                    },
                    "rules": [
                        {
                            "apiGroups": ["apps"],
                            "apiVersions": ["v1"],
                            "operations": ["UPDATE"],
                            "resources": ["deployments"],
                        }
                    ],
                    "namespaceSelector": {"matchLabels": {"name": self._namespace}},
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Ignore",
                    "timeoutSeconds": 30,
                }
            ],
        }
