"""A server that never ends its answer, or unpacks to far more than it sent: a clear problem, and soon."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.adapters.prometheus.session import LARGEST
from tests.unit.prometheus.conftest import Prometheus

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MEBIBYTE = 1024 * 1024


@contextmanager
def saying(first: bytes, then: Iterator[bytes], pause: float) -> Iterator[str]:
    """A server's address. It says ``first`` to the first who asks, and goes on until that one leaves."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve() -> None:
            with server.accept()[0] as asking:
                asking.settimeout(5)
                asking.recv(65536)
                try:
                    asking.sendall(first)
                    while not over.wait(pause):
                        asking.sendall(next(then))
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"HTTP/1.1 200", b" "),
        (OK + b"X-Long: ", b"x"),
        (OK, b"X-Another: header\r\n"),
        (OK + b"\r\n", b" "),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["status", "header", "headers", "body", "chunks"],
)
def test_an_answer_that_trickles_for_ever_ends_at_the_deadline(
    make: Callable[..., PrometheusMetrics], first: bytes, piece: bytes
) -> None:
    """Each piece comes within the time for one; it is the whole that has a deadline."""
    with saying(first, repeat(piece), 0.01) as url:
        problem = make(url=url, timeout=0.15).read("errors").problem
    assert "did not answer within 0.15 s" in problem


def test_an_answer_that_pours_for_ever_ends_at_the_limit(make: Callable[..., PrometheusMetrics]) -> None:
    with saying(OK + b"\r\n", repeat(b" " * MEBIBYTE), 0) as url:
        problem = make(url=url, timeout=60).read("errors").problem
    assert f"more than {LARGEST} bytes" in problem


@pytest.mark.parametrize("layers", [1, 2])
def test_what_unpacks_to_more_than_the_limit_is_not_unpacked_whole(
    make: Callable[..., PrometheusMetrics], prometheus: Prometheus, layers: int
) -> None:
    body = b" " * (LARGEST + MEBIBYTE)
    for _ in range(layers):
        body = gzip.compress(body, mtime=0)
    prometheus.says(body, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})
    problem = make(timeout=60).read("errors").problem
    assert f"more than {LARGEST} bytes" in problem
    assert "select fewer series" in problem
