"""A socket for http.client whose steps together have one deadline."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import Any

from daemon.ports import Clock


class DeadlineSocket:
    """As much of a socket as http.client uses, with the time that is left as the timeout of each step."""

    def __init__(self, plain: socket.socket, left: Callable[[], float]) -> None:
        self._plain = plain
        self._left = left

    def sendall(self, data: bytes) -> None:
        self._plain.settimeout(self._left())
        self._plain.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode  # http.client only reads through it.
        return io.BufferedReader(_Incoming(self._plain, self._left))

    def close(self) -> None:
        """The connection is closed where it was opened."""


class _Incoming(io.RawIOBase):
    """Keeps the connection open until it is closed itself, as a socket's own files do."""

    def __init__(self, plain: socket.socket, left: Callable[[], float]) -> None:
        super().__init__()
        self._plain = plain
        self._file = plain.makefile("rb", buffering=0)
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._plain.settimeout(self._left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def no_answer(error: Exception) -> str:
    """Why none came, in words, of what http.client or the socket raised."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the connection was cut before an answer"
    if isinstance(error, http.client.HTTPException | ValueError):
        return "the answer is not HTTP"
    return str(getattr(error, "strerror", "") or "unreachable").lower()


def time_left(clock: Clock, deadline: float) -> Callable[[], float]:
    """Seconds until ``deadline`` (monotonic). What it gives raises TimeoutError once there are none."""

    def left() -> float:
        seconds = deadline - clock.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    return left
