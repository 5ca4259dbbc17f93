"""Health endpoints, asked of the pods themselves over HTTP and HTTPS, as the kubelet asks its probes."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, cast
from urllib.parse import urljoin, urlsplit

from daemon.adapters.deadline_socket import DeadlineSocket, no_answer, time_left
from daemon.core.judge.recovery import Health
from daemon.core.model import Pod
from daemon.core.rollout_facts.endpoints import Endpoint
from daemon.ports import Clock
from daemon.settings import HealthSettings

THREADS = 8
MOST_REDIRECTS = 9
"""Of one answer; the kubelet gives up at the tenth (Go's http.Client, pkg/probe/http/http.go)."""
LONGEST = 10.0
"""Seconds of a probe's own ``timeoutSeconds`` that count where the settings ask for less."""
SHOWN = 120
"""Characters of an unhealthy answer's body that are reported."""


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}{self.target}"


class HttpHealthProbe:
    """The ``HealthProbe`` port. Each answer has its own deadline, from connecting to the last byte.

    Plain sockets and no client library: neither the environment's proxies nor a connection pool may stand
    between the daemon and the pod. Certificates are not verified, as the kubelet does not: a pod is asked by
    its address, and no certificate names that. Nothing that is secret is sent beside the headers that the
    template itself names.
    """

    def __init__(self, settings: HealthSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    def probe(self, pods: Sequence[Pod], endpoints: Sequence[Endpoint]) -> tuple[Health, ...]:
        """Every endpoint of every pod, in their order; one without a port is asked at the settings' port."""
        asked = [(pod, endpoint) for pod in pods for endpoint in endpoints]
        if not asked:
            return ()
        with ThreadPoolExecutor(min(THREADS, len(asked)), thread_name_prefix="health") as pool:
            return tuple(pool.map(lambda pair: self._ask(*pair), asked))

    def _ask(self, pod: Pod, endpoint: Endpoint) -> Health:
        ok, detail = self._answer(pod, endpoint)
        return Health(pod=pod.name, path=str(endpoint), ok=ok, detail=detail)

    def _answer(self, pod: Pod, endpoint: Endpoint) -> tuple[bool, str]:
        if not pod.ip:
            return False, "the pod has no address yet"
        port = endpoint.port if endpoint.port is not None else self._settings.port
        if port is None:
            return False, "nothing says at which port it is asked: set health.port"
        timeout = max(self._settings.timeout, min(endpoint.timeout, LONGEST))
        place = _Place(endpoint.scheme, pod.ip, port, endpoint.path)
        began = self._clock.monotonic()
        try:
            status, said = self._get(place, dict(endpoint.headers), began + timeout)
        except TimeoutError:
            return False, f"no answer within {timeout:g} s"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return False, _trouble(error)
        if 200 <= status < 400:
            return True, f"{status} in {(self._clock.monotonic() - began) * 1000:.0f} ms"
        return False, f"{status}: {said}" if said else str(status)

    def _get(self, place: _Place, headers: dict[str, str], deadline: float) -> tuple[int, str]:
        """Status and the begin of the body. Redirects are followed on the pod alone, to any port of it, as
        the kubelet does; one that leads elsewhere is an answer. Raises _Circle after too many."""
        for _ in range(MOST_REDIRECTS + 1):
            status, said, location = self._request(place, headers, deadline)
            there = _redirected(place, location) if 300 <= status < 400 and location else None
            if there is None:
                return status, said
            place = there
        raise _Circle

    def _request(self, place: _Place, headers: dict[str, str], deadline: float) -> tuple[int, str, str]:
        left = time_left(self._clock, deadline)
        with socket.create_connection((place.host, place.port), timeout=left()) as plain:
            if place.scheme == "http":
                return _exchange(plain, place, headers, left)
            plain.settimeout(left())
            with self._tls.wrap_socket(plain) as secured:
                return _exchange(secured, place, headers, left)


class _Circle(http.client.HTTPException):
    """The pod redirects again and again."""


def _exchange(
    plain: socket.socket, place: _Place, headers: dict[str, str], left: Callable[[], float]
) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(place.host, place.port)
    # http.client's timeout is for each read; this socket's is for all of them together.
    connection.sock = cast("socket.socket", DeadlineSocket(plain, left))
    connection.request("GET", place.target, headers=_sent(headers))
    response = connection.getresponse()
    body = response.read(4 * SHOWN) if response.status >= 400 else b""
    location = response.getheader("Location", "")
    response.close()
    return response.status, " ".join(body.decode("utf-8", "replace").split())[:SHOWN], location or ""


def _sent(headers: dict[str, str]) -> dict[str, str]:
    """The probe's own before ours; an empty Accept is none, as with the kubelet."""
    own = {name.title(): value for name, value in headers.items()}
    sent = {"User-Agent": "rollbackd", "Accept": "*/*"} | own | {"Connection": "close"}
    return {name: value for name, value in sent.items() if value or name != "Accept"}


def _redirected(place: _Place, location: str) -> _Place | None:
    """Where on the pod a redirect leads; ``None`` where it leads elsewhere. Raises ValueError."""
    there = urlsplit(urljoin(str(place), location))
    if there.scheme not in ("http", "https") or there.hostname != place.host:
        return None
    port = there.port or (443 if there.scheme == "https" else 80)
    target = there._replace(scheme="", netloc="", fragment="").geturl() or "/"
    return _Place(there.scheme, place.host, port, target)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _trouble(error: Exception) -> str:
    if isinstance(error, _Circle):
        return f"it redirects more than {MOST_REDIRECTS} times"
    if isinstance(error, ssl.SSLError):
        return f"no TLS connection ({error.reason or error})"
    return no_answer(error)
