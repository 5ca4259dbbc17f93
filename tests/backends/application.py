"""An application without a cluster: what its pods would count, served by one exporter."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from daemon.core.model import Pod
from daemon.settings import SignalSettings
from tests.contract.drivers import FAILING

NAMESPACE, ELSEWHERE = "greenlang", "elsewhere"
RPS = 5.0
"""Requests a second of each pod."""
EDGES = (0.1, 1.0, 5.0)
"""Of the histogram; a failing request takes 2 s, any other none."""
SIGNALS = (
    SignalSettings(
        name="errors", bad='app_requests_total{code="500"}', total="app_requests_total", limit=0.05
    ),
    SignalSettings(name="slow", histogram="app_took_seconds", slower_than=1.0, limit=0.05),
)


@dataclass(frozen=True)
class Serving:
    """A pod; ``since`` is Unix seconds."""

    name: str
    namespace: str
    failing: float
    since: float = field(default_factory=time.time)

    def lines(self, now: float) -> list[str]:
        all_ = int((now - self.since) * RPS)
        bad = int(all_ * self.failing)
        of = f'namespace="{self.namespace}",pod="{self.name}"'
        buckets = {str(edge): all_ if edge >= 2 else all_ - bad for edge in EDGES} | {"+Inf": all_}
        return [
            f'app_requests_total{{{of},code="200"}} {all_ - bad}',
            f'app_requests_total{{{of},code="500"}} {bad}',
            f"app_up{{{of}}} 1",
            *(f'app_took_seconds_bucket{{{of},le="{edge}"}} {count}' for edge, count in buckets.items()),
            f"app_took_seconds_count{{{of}}} {all_}",
            f"app_took_seconds_sum{{{of}}} {2 * bad}",
        ]


class Application:
    """Thread-safe. One Deployment in ``NAMESPACE``, and whatever a test adds elsewhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pods: dict[str, Serving] = {}
        self._tag = ""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def deploy(self, tag: str, replicas: int) -> None:
        with self._lock:
            self._pods = {n: pod for n, pod in self._pods.items() if pod.namespace != NAMESPACE}
        self._tag = tag
        self.scale(replicas)

    def scale(self, replicas: int) -> None:
        with self._lock:
            own = [name for name, pod in self._pods.items() if pod.namespace == NAMESPACE]
            for name in own[replicas:]:
                del self._pods[name]
            failing = 0.2 if self._tag == FAILING else 0.005
            for _ in range(replicas - len(own)):
                pod = Serving(f"app-6d4f9c7b58-{secrets.token_hex(3)[:5]}", NAMESPACE, failing)
                self._pods[pod.name] = pod

    def crowd(self, size: int) -> None:
        """So many pods in a namespace that is none of ours."""
        with self._lock:
            for number in range(size):
                pod = Serving(f"crowd-5c6b7d8f9-{number:05}", ELSEWHERE, 0.5)
                self._pods[pod.name] = pod

    def pods(self) -> Sequence[Pod]:
        with self._lock:
            own = [pod for pod in self._pods.values() if pod.namespace == NAMESPACE]
        return [pod_of(serving) for serving in own]

    def text(self) -> bytes:
        now = time.time()
        with self._lock:
            pods = list(self._pods.values())
        kinds = ["# TYPE app_requests_total counter", "# TYPE app_took_seconds histogram"]
        return ("\n".join([*kinds, *(line for pod in pods for line in pod.lines(now))]) + "\n").encode()


def pod_of(serving: Serving) -> Pod:
    from datetime import UTC, datetime

    return Pod(
        name=serving.name,
        uid=serving.name,
        replica_set=serving.name.rpartition("-")[0],
        replica_set_uid="set",
        created_at=datetime.fromtimestamp(serving.since, UTC),
        ready=True,
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        body = self.server.application.text()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
