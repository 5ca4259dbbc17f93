"""Commands in running pods: :class:`daemon.ports.Runner` over the API server's exec."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, cast

import msgspec
import websocket

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import UNDECODABLE
from daemon.adapters.kubernetes.main_container import chosen_container
from daemon.adapters.kubernetes.resources import PODS
from daemon.core.runs import Ending, PodCommand, RunResult, Task, tail
from daemon.ports import Clock, Order

CONNECT = 10.0
"""Seconds for the API server to open the channels."""
SLICE = 0.5
"""Seconds between two looks at the clock and at whether the daemon is stopping."""
KEEP = 65536
"""Bytes of the output that are kept while it is read."""
STDOUT, STDERR, STATUS = 1, 2, 3


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    """What the status channel says when the command has ended."""

    status: str = ""
    message: str = ""
    details: _Details | None = None

    @property
    def code(self) -> int | None:
        """The exit code; ``None`` where the command was never started."""
        if self.status == "Success":
            return 0
        causes = (self.details.causes if self.details is not None else None) or ()
        said = next((cause.message for cause in causes if cause.reason == "ExitCode"), "")
        return int(said) if said.isdigit() else None


class KubeExecRunner:
    """A command that was begun cannot be found again, and one that is given up may go on in its pod: closing
    the channels does not end it."""

    def __init__(self, client: KubeClient, clock: Clock, *, stopping: Callable[[], bool]) -> None:
        self._client = client
        self._clock = clock
        self._stopping = stopping

    def repeatable(self, task: Task) -> bool:
        del task  # No command in a pod leaves a trace that could be found.
        return False

    def run(self, order: Order) -> RunResult:
        began = self._clock.monotonic()
        path, query = _place(order)
        try:
            channels = self._client.channels(path, query, timeout=min(CONNECT, order.timeout))
        except ports.Denied as error:
            if "grant" in str(error):
                raise
            # From Kubernetes 1.35 on an upgrade is refused without a word on the verb that is missing.
            raise ports.Denied(f"{error}grant create and get on pods/exec in the Role") from error
        try:
            return self._follow(channels, order, began)
        finally:
            # Whoever does not answer any more needs no farewell.
            with contextlib.suppress(websocket.WebSocketException, OSError):
                cast("Any", channels).shutdown()

    def _follow(self, channels: websocket.WebSocket, order: Order, began: float) -> RunResult:
        heard, cut = b"", False

        def result(ending: Ending, detail: str, code: int | None = None) -> RunResult:
            return RunResult(
                ending=ending,
                passed=code == 0,
                code=code,
                output=tail(heard, cut=cut),
                seconds=self._clock.monotonic() - began,
                detail=detail,
            )

        while True:
            left = began + order.timeout - self._clock.monotonic()
            if left <= 0:
                return result(Ending.TIMED_OUT, "it may go on in its pod")
            if self._stopping():
                return result(Ending.LOST, "the daemon was stopped meanwhile")
            channels.settimeout(min(SLICE, left))
            try:
                frame = channels.recv()
            except websocket.WebSocketTimeoutException:
                continue
            except (websocket.WebSocketException, OSError) as error:
                return result(Ending.LOST, f"the connection to its pod broke off: {error}")
            data = frame.encode() if isinstance(frame, str) else frame
            if not data:
                return result(Ending.LOST, "the connection to its pod was closed before it ended")
            if data[0] in (STDOUT, STDERR):
                cut = cut or len(heard) + len(data) - 1 > KEEP
                heard = (heard + data[1:])[-KEEP:]
            elif data[0] == STATUS and len(data) > 1:
                return _ended(data[1:], result)


def _ended(said: bytes, result: Callable[[Ending, str, int | None], RunResult]) -> RunResult:
    try:
        status = msgspec.json.decode(said, type=_Status)
    except UNDECODABLE as error:
        return result(Ending.LOST, f"what the API server says of its end makes no sense: {error}", None)
    if status.code is None:
        return result(Ending.FINISHED, f"it could not be started: {' '.join(status.message.split())}", None)
    return result(Ending.FINISHED, f"exit code {status.code}", status.code)


def _place(order: Order) -> tuple[str, list[tuple[str, str]]]:
    """The path and the query of the exec. Raises Rejected, Missing."""
    task = order.task
    if not isinstance(task, PodCommand):
        raise ports.Rejected(f"{type(task).__name__} is not a command in a pod")
    if not task.command:
        raise ports.Rejected("exec: there is no command: say what is to be run")
    pod, container = task.pod, task.container
    if not pod:
        if not order.pods:
            raise ports.Missing(f"exec: no ready pod of {order.ref} can run it")
        pod = order.pods[0].name
        container = str(chosen_container(order.template, task.container, f"exec in {pod}")["name"])
    query = [("command", word) for word in task.command]
    query += [("container", container)] if container else []
    query += [("stdout", "true"), ("stderr", "true")]
    return PODS.path(order.ref.namespace, pod, "exec"), query
