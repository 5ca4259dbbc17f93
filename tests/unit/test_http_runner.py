"""What a request meets on its way: logins, strangers, servers that drip, certificates of nobody."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.clock import SystemClock
from daemon.adapters.http_runner import HttpRunner
from daemon.core.runs import Ending, HttpCall
from daemon.ports import Order, Rejected, Unavailable
from tests.unit.core.made import REF, pod

RUNNER = HttpRunner(SystemClock())


def order(url: str, *, timeout: float = 5.0, ip: str = "127.0.0.1", **fields: object) -> Order:
    call = HttpCall(url=url, **fields)  # type: ignore[arg-type]
    return Order(id="x", ref=REF, task=call, timeout=timeout, pods=(pod(ready=True, ip=ip),))


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that is spoken to once; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.settimeout(5)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_an_ingress_behind_a_login_says_where_it_leads(httpserver: HTTPServer) -> None:
    leads = Response(status=302, headers={"Location": "https://login.example.com/"})
    httpserver.expect_request("/plan").respond_with_response(leads)
    found = RUNNER.run(order(httpserver.url_for("/plan")))
    assert (found.ending, found.passed, found.code) == (Ending.FINISHED, False, 302)
    assert "status 302 (Found to https://login.example.com/), 200 was expected" in str(found)


def test_placeholders_method_and_body_reach_the_server(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(
        "/greenlang/heat", method="POST", data="{}", query_string="a=b"
    ).respond_with_response(Response(status=201))
    url = f"http://{{pod}}:{httpserver.port}/{{namespace}}/{{workload}}?a=b"
    assert RUNNER.run(order(url, method="POST", body="{}", status=201)).passed


def test_a_server_that_drips_is_given_up_at_the_timeout() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            try:
                connection.sendall(b"X: y\r\n")
            except OSError:
                return

    with answering(drip) as port:
        found = RUNNER.run(order(f"http://127.0.0.1:{port}/", timeout=0.5))
        stop.set()
    assert (found.ending, found.passed) == (Ending.TIMED_OUT, False)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b""])
def test_who_speaks_no_http_leaves_the_end_unknown(said: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(said)

    with answering(talk) as port:
        found = RUNNER.run(order(f"http://127.0.0.1:{port}/"))
    assert (found.ending, found.passed) == (Ending.LOST, False)
    assert found.detail


def test_a_certificate_that_nobody_trusts_is_no_pass() -> None:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(made)

    def talk(connection: socket.socket) -> None:
        with pytest.raises(OSError), made.wrap_socket(connection, server_side=True):  # noqa: PT011
            pass

    with answering(talk) as port, pytest.raises(Unavailable, match="TLS"):
        RUNNER.run(order(f"https://localhost:{port}/"))


def test_an_address_that_is_none_is_rejected() -> None:
    with pytest.raises(Rejected, match="not an address"):
        RUNNER.run(order("http://{pod}:99999/"))
