"""Requests that are run for a case: :class:`daemon.ports.Runner` over plain sockets."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import SplitResult, urlsplit

from daemon import ports
from daemon.adapters.deadline_socket import DeadlineSocket, no_answer, time_left
from daemon.core.runs import Ending, HttpCall, RunResult, Task, tail
from daemon.ports import Clock, Order

MOST_READ = 65536
"""Bytes of a body that are read; what is reported of it is less."""
LONGEST_LOCATION = 200
SAFE = frozenset({"GET", "HEAD"})


class HttpRunner:
    """Neither the environment's proxies nor redirects stand between the daemon and what it asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._trust = ssl.create_default_context()

    def repeatable(self, task: Task) -> bool:
        return isinstance(task, HttpCall) and task.method in SAFE

    def run(self, order: Order) -> RunResult:
        call = order.task
        if not isinstance(call, HttpCall):
            raise ports.Rejected(f"{type(call).__name__} is not a request")
        there = urlsplit(_address(order, call))
        began = self._clock.monotonic()
        left = time_left(self._clock, began + order.timeout)
        what = f"{call.method} {there.geturl()}"
        with self._connected(there, left, what) as plain:
            try:
                status, location, body = _ask(plain, there, call, left)
            except TimeoutError:
                return RunResult(ending=Ending.TIMED_OUT, seconds=order.timeout, detail=what)
            except (OSError, http.client.HTTPException, ValueError) as error:
                seconds = self._clock.monotonic() - began
                said = _trouble(error)
                return RunResult(ending=Ending.LOST, seconds=seconds, detail=f"{what}: {said}")
        wanted = "" if status == call.status else f", {call.status} was expected"
        return RunResult(
            ending=Ending.FINISHED,
            passed=status == call.status,
            code=status,
            output=tail(body),
            seconds=self._clock.monotonic() - began,
            detail=f"{what}: status {status}{_reason(status, location)}{wanted}",
            location=location,
        )

    def _connected(self, there: SplitResult, left: Callable[[], float], what: str) -> socket.socket:
        """Nothing is asked yet, so whatever goes wrong here can be tried again."""
        host = there.hostname or ""
        secure = there.scheme == "https"
        try:
            port = there.port or (443 if secure else 80)
            plain = socket.create_connection((host, port), timeout=left())
        except ValueError as error:
            raise ports.Rejected(f"{what}: this is not an address: {error}") from error
        except OSError as error:
            raise ports.Unavailable(f"{what}: {_trouble(error)}") from error
        if not secure:
            return plain
        try:
            plain.settimeout(left())
            return self._trust.wrap_socket(plain, server_hostname=host)
        except OSError as error:
            plain.close()
            raise ports.Unavailable(f"{what}: {_trouble(error)}") from error


def _address(order: Order, call: HttpCall) -> str:
    pod = next((pod for pod in order.pods if pod.ip), None)
    if "{pod}" in call.url and pod is None:
        raise ports.Missing(f"{call.method} {call.url}: no ready pod of {order.ref} can be asked")
    address = pod.ip if pod is not None else ""
    filled = {
        "{pod}": f"[{address}]" if ":" in address else address,
        "{workload}": order.ref.name,
        "{namespace}": order.ref.namespace,
    }
    url = call.url
    for name, value in filled.items():
        url = url.replace(name, value)
    return url


def _ask(
    plain: socket.socket, there: SplitResult, call: HttpCall, left: Callable[[], float]
) -> tuple[int, str, bytes]:
    """Status, where it redirects to, and the begin of the body."""
    connection = http.client.HTTPConnection(there.hostname or "", there.port)
    connection.sock = cast("socket.socket", DeadlineSocket(plain, left))
    own = {name.title(): value for name, value in call.headers}
    headers = {"User-Agent": "rollbackd", "Accept": "*/*", "Connection": "close", "Host": there.netloc} | own
    body = call.body.encode() or None
    target = there._replace(scheme="", netloc="", fragment="").geturl() or "/"
    connection.request(call.method, target, body=body, headers=headers)
    response = connection.getresponse()
    said = response.read(MOST_READ)
    # A login's query holds what must not be told, such as its state.
    location = (response.getheader("Location", "") or "").partition("#")[0].partition("?")[0]
    response.close()
    return response.status, location[:LONGEST_LOCATION], said


def _reason(status: int, location: str) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return ""
    return f" ({phrase} to {location})" if location else f" ({phrase})"


def _trouble(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
    if isinstance(error, TimeoutError):
        return "nobody answers within the timeout"
    return no_answer(error)
