"""One exporter for a whole fleet: what each pod's own metrics would say, as a mesh exports it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.changes import Change
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.partial import PodObject
from daemon.adapters.kubernetes.resources import PODS
from daemon.adapters.kubernetes.watcher import Watcher, stop_all

RATE = 20.0
"""Requests a second of each pod."""
GOOD, BAD = "good", "bad"
SHARE = {GOOD: 0.002, BAD: 0.2}
"""Of its requests that fail, by the tag of its image."""


class Exporter:
    """Follows the pods of some namespaces and serves two counters for each that is ready.

    Thread-safe. ``scrapes`` are the times at which it was scraped (Unix seconds).
    """

    def __init__(self, client: KubeClient, namespaces: list[str]) -> None:
        self._lock = threading.Lock()
        self._pods: dict[str, tuple[str, str, str, float]] = {}
        """UID → namespace, name, tag and the beginning of its service (Unix seconds)."""
        self.scrapes: list[float] = []
        self._watchers = [
            Watcher(
                client, PODS, namespace, handler=self._changed, clock=SystemClock(), on_problem=lambda _: None
            )
            for namespace in namespaces
        ]
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()
        for watcher in self._watchers:
            watcher.start()

    def stop(self) -> None:
        stop_all(self._watchers, 10)
        self._server.shutdown()
        self._server.server_close()

    def ready(self) -> int:
        """How many pods serve."""
        with self._lock:
            return len(self._pods)

    def scraped_before(self, at: datetime) -> float:
        """The last scrape before a time (Unix seconds)."""
        return max(one for one in self.scrapes if one <= at.timestamp())

    def text(self) -> bytes:
        now = time.time()
        with self._lock:
            self.scrapes.append(now)
            pods = list(self._pods.values())
        lines = ["# TYPE fleet_requests_total counter", "# TYPE fleet_errors_total counter"]
        for namespace, name, tag, since in pods:
            labels = f'namespace="{namespace}",pod="{name}"'
            total = int((now - since) * RATE)
            lines.append(f"fleet_requests_total{{{labels}}} {total}")
            lines.append(f"fleet_errors_total{{{labels}}} {int(total * SHARE[tag])}")
        return ("\n".join(lines) + "\n").encode()

    def _changed(self, change: Change) -> None:
        uid = change.meta.uid
        pod = None if change.kind == "DELETED" else msgspec.json.decode(change.raw, type=PodObject)
        ready = pod is not None and any(
            condition.type == "Ready" and condition.status == "True"
            for condition in pod.status.conditions or ()
        )
        with self._lock:
            if pod is None or not ready:
                self._pods.pop(uid, None)
            elif uid not in self._pods:
                tag = pod.spec.containers[0].image.rpartition(":")[2]
                began = datetime.now(UTC).timestamp()
                self._pods[uid] = (change.meta.namespace, change.meta.name, tag, began)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, exporter: Exporter) -> None:
        self.exporter = exporter
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        body = self.server.exporter.text()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
