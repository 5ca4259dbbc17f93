"""Why an API server could not be asked, in the words of whoever chose it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import urllib3

from daemon.adapters.kubernetes.stream import one_line


def unreachable(error: BaseException, host: str, origin: str) -> str:
    """One sentence with the server's address and where that stands: ``origin`` is such as ``context x``."""
    return f"the API server at {host} {_trouble(error)}{f' ({origin})' if origin else ''}"


def _trouble(error: BaseException) -> str:
    words = (word for one in _chain(error) if (word := _known(one)))
    return next(words, f"could not be asked: {one_line(error)}")


def _known(error: BaseException) -> str:
    """What one link of the chain means; nothing where it leaves that to the others."""
    match error:
        case ConnectionRefusedError():
            return "refuses connections"
        case socket.gaierror():
            return "is not known by that name"
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not trusted: {error.verify_message}"
        case urllib3.exceptions.NewConnectionError():
            return ""
        case urllib3.exceptions.ConnectTimeoutError():
            return "does not answer: no connection came about in time"
        case urllib3.exceptions.ReadTimeoutError():
            return "did not answer in time"
        case _:
            return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came of, the outermost first."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.append(one)
        yield one
        inner = (getattr(one, "reason", None), one.__cause__, one.__context__, *one.args)
        waiting += [each for each in inner if isinstance(each, BaseException)]
