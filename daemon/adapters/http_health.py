"""Health endpoints, asked of the pods themselves over HTTP."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from urllib.parse import urljoin, urlsplit

from daemon.adapters.deadline_socket import DeadlineSocket, time_left
from daemon.core.judge.recovery import Health
from daemon.core.model import Pod
from daemon.ports import Clock
from daemon.settings import HealthSettings

THREADS = 8
MOST_REDIRECTS = 3
SHOWN = 120
"""Characters of an unhealthy answer's body that are told."""


class HttpHealthProbe:
    """The ``HealthProbe`` port. Each answer has its own deadline, from connecting to the last byte.

    Plain sockets and no client library: neither the environment's proxies nor a connection pool may stand
    between the daemon and the pod.
    """

    def __init__(self, settings: HealthSettings, clock: Clock) -> None:
        self._settings = settings
        self._timeout = settings.timeout
        self._clock = clock

    def probe(self, pods: Sequence[Pod], paths: Sequence[str]) -> tuple[Health, ...]:
        """Every path of every pod, in their order. A path may begin with a port: ``:8081/ready``."""
        asked = [(pod, path) for pod in pods for path in paths]
        if not asked:
            return ()
        with ThreadPoolExecutor(min(THREADS, len(asked)), thread_name_prefix="health") as pool:
            return tuple(pool.map(lambda pair: self._ask(*pair), asked))

    def _ask(self, pod: Pod, path: str) -> Health:
        if not pod.ip:
            return Health(pod=pod.name, path=path, ok=False, detail="the pod has no address yet")
        port, target = self._settings.place(path)
        began = self._clock.monotonic()
        try:
            status, said = self._get(pod.ip, port, target, began + self._timeout)
        except TimeoutError:
            return Health(pod=pod.name, path=path, ok=False, detail=f"no answer within {self._timeout:g} s")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Health(pod=pod.name, path=path, ok=False, detail=_trouble(error))
        if status < 400:
            detail = f"{status} in {(self._clock.monotonic() - began) * 1000:.0f} ms"
            return Health(pod=pod.name, path=path, ok=True, detail=detail)
        return Health(pod=pod.name, path=path, ok=False, detail=f"{status}: {said}" if said else str(status))

    def _get(self, host: str, port: int, target: str, deadline: float) -> tuple[int, str]:
        """Status and the begin of the body. Redirects are followed on the pod alone, as the kubelet does."""
        for _ in range(MOST_REDIRECTS + 1):
            status, said, location = self._request(host, port, target, deadline)
            if not (300 <= status < 400 and location):
                break
            there = urlsplit(urljoin(f"http://{_bracketed(host)}:{port}{target}", location))
            if (there.scheme, there.hostname, there.port or 80) != ("http", host, port):
                break
            target = there._replace(scheme="", netloc="", fragment="").geturl() or "/"
        return status, said

    def _request(self, host: str, port: int, target: str, deadline: float) -> tuple[int, str, str]:
        left = time_left(self._clock, deadline)
        with socket.create_connection((host, port), timeout=left()) as plain:
            connection = http.client.HTTPConnection(host, port)
            # http.client's timeout is for each read; this socket's is for all of them together.
            connection.sock = cast("socket.socket", DeadlineSocket(plain, left))
            connection.request(
                "GET", target, headers={"User-Agent": "rollbackd", "Accept": "*/*", "Connection": "close"}
            )
            response = connection.getresponse()
            body = response.read(4 * SHOWN) if response.status >= 400 else b""
            location = response.getheader("Location", "")
            response.close()
        return response.status, " ".join(body.decode("utf-8", "replace").split())[:SHOWN], location or ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _trouble(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the connection was cut before an answer"
    if isinstance(error, http.client.HTTPException | ValueError):
        return "the answer is not HTTP"
    return str(getattr(error, "strerror", "") or "unreachable").lower()
