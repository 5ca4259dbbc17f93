"""An open watch, line by line, and what the client libraries raise on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

import urllib3
from kubernetes import client as _client
from kubernetes import config as _config

from daemon import ports

FOREIGN = (urllib3.exceptions.HTTPError, _client.ApiException, _config.ConfigException, OSError)


class Stream:
    """The lines of an open watch. Whoever opens it closes it; :meth:`interrupt` may come from any thread."""

    def __init__(self, response: urllib3.HTTPResponse, what: str) -> None:
        self._response = response
        self._what = what

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.close()

    def lines(self) -> Iterator[bytes]:
        """Each complete line, until the server closes. Raises Unavailable on a reset or on silence."""
        rest = b""
        try:
            for chunk in self._response.stream(65536, decode_content=True):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from filter(None, lines)
        except FOREIGN as error:
            raise ports.Unavailable(f"{self._what}: the watch broke off: {error}") from error

    def interrupt(self) -> None:
        """Wake a reader that is blocked in :meth:`lines`; what it sees is a broken connection or the end."""
        # Finished already, or about to: there is nothing left to wake.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self._response.shutdown()


def one_line(error: BaseException) -> str:
    """What went wrong, on one line."""
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split())
