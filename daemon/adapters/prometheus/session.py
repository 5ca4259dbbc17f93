"""A requests session for Prometheus: no retries, no redirects, no cookies, one deadline to the last byte."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ReadTimeoutError

from daemon.adapters.deadline_socket import DeadlineSocket, time_left
from daemon.ports import Clock, Unavailable
from daemon.settings import PrometheusSettings

LARGEST = 6 * 1024 * 1024
"""Bytes of one answer; a fleet of 5,000 pods has some three million. Decoding takes up to 14 times as much
memory, and the chart limits the daemon to 192 MiB."""
_CHUNK = 65_536


class TimedSession(requests.Session):
    """``inspect`` sees each response before the client library does, and may raise."""

    def __init__(
        self, settings: PrometheusSettings, clock: Clock, inspect: Callable[[requests.Response], None]
    ) -> None:
        super().__init__()
        self.trust_env = False  # Neither proxies nor .netrc: queries go where the settings say.
        self.verify = str(settings.tls_ca) if settings.tls_ca else True
        self.headers.update({name: value.get_secret_value() for name, value in settings.headers.items()})
        self.auth = Credentials(settings)
        self.hooks["response"] = [lambda response, *_args, **_kwargs: inspect(response)]
        self.adapter = _DeadlineAdapter(clock, settings.timeout)

    def request(
        self, method: str | bytes, url: str | bytes, params: Any = None, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """The query goes into the body: the client library puts it into the address, which proxies cut."""
        return super().request(method, url, None, params, *args, **kwargs)


class Credentials(AuthBase):
    """Reads its files at each request, so that they may be rotated. Raises OSError without them."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self._token_file = settings.bearer_token_file
        self._username = settings.username
        self._password_file = settings.password_file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token_file is not None:
            request.headers["Authorization"] = f"Bearer {_secret(self._token_file)}"
        elif self._username and self._password_file is not None:
            pair = f"{self._username}:{_secret(self._password_file)}".encode()
            request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        return request


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise Unavailable(f"it was not asked: {path} is no text — put the secret into it") from error


class _DeadlineAdapter(HTTPAdapter):
    """requests' timeout is for each piece of the network's; this one is for the answer as a whole."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._asking = threading.local()
        super().__init__(max_retries=0, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, Any] = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        # urllib3 knows no other way to have a connection's answer read by a class of ours.
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type("Timed", (pool,), {"ConnectionCls": self._timed(pool.ConnectionCls)})
            for scheme, pool in pools.items()
        }

    def _timed(self, connection: Any) -> type:
        def response(plain: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
            timed = DeadlineSocket(plain, time_left(self._clock, self._asking.until))
            return HTTPResponse(cast("socket.socket", timed), *args, **kwargs)

        return type("TimedConnection", (connection,), {"response_class": staticmethod(response)})

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self._asking.until = self._clock.monotonic() + self._seconds
        response = super().send(request, stream, timeout, verify, cert, proxies)
        response.raw = _Body(response.raw)
        return response


class _Body:
    """A response's body that ends at the size limit, however small it was packed."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def stream(self, amount: int, decode_content: bool = True) -> Iterator[bytes]:
        del amount
        size = 0
        while chunk := self._read(decode_content):
            size += len(chunk)
            if size > LARGEST:
                self.close()
                raise Unavailable(
                    f"its answer has more than {LARGEST} bytes — select fewer series, or guard "
                    "fewer pods with one daemon"
                )
            yield chunk

    def _read(self, decode_content: bool) -> bytes:
        try:
            return bytes(self._raw.read1(_CHUNK, decode_content=decode_content))
        except ReadTimeoutError as error:
            self.close()
            raise requests.ReadTimeout from error

    def close(self) -> None:
        self._raw.close()

    def release_conn(self) -> None:
        self._raw.release_conn()
