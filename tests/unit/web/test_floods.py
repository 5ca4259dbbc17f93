"""Senders that mean no good, against the real server on the loopback: bounded, and over in seconds."""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from daemon.web import connections
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import MAX_BODY, TOKEN, FakeIntake, FakeViews, serving

HALF_REQUESTS = 5000
HALF = b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nX-Slow: "


def asked(port: int, request: bytes, timeout: float = 5.0) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
        return answer


@pytest.fixture
def half_requests() -> Iterator[list[socket.socket]]:
    """What was opened and is not closed by us; the process gets the descriptors for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, HALF_REQUESTS + 2000), hard))
    opened: list[socket.socket] = []
    yield opened
    for one in opened:
        one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.e2e
def test_five_thousand_half_requests_keep_nobody_out(
    half_requests: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    with serving(FakeIntake(), FakeViews()) as server:
        for number in range(HALF_REQUESTS):
            one = socket.socket()
            half_requests.append(one)
            one.settimeout(5)
            one.connect(("127.0.0.1", server.port))
            with contextlib.suppress(ConnectionError):
                one.sendall(HALF)
            if number % 1000 == 999:
                began = time.monotonic()
                assert requests.get(f"http://127.0.0.1:{server.port}/healthz", timeout=5).ok
                assert time.monotonic() - began < 1.0
        assert server.connections <= connections.MOST_CONNECTIONS
        answer = requests.post(
            f"http://127.0.0.1:{server.port}/webhooks/alertmanager",
            data='{"version": "4", "alerts": []}',
            headers={"Authorization": f"Bearer {TOKEN}".encode()},
            timeout=5,
        )
        assert answer.status_code == 200
    assert len(caplog.records) < 100


@pytest.mark.parametrize("begun", [b"", b"GET / HTT", HALF])
def test_a_request_that_is_not_made_in_time_is_closed(begun: bytes) -> None:
    with serving(FakeIntake(), FakeViews(), request_timeout=0.3) as server:
        assert asked(server.port, begun) == b""


def test_the_second_request_of_a_connection_has_its_deadline_too() -> None:
    with serving(FakeIntake(), FakeViews(), request_timeout=0.3) as server:
        answer = asked(server.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + HALF)
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_request_that_is_answered_slowly_is_not_cut_off() -> None:
    views = FakeViews()
    views.gate.clear()
    with (
        serving(FakeIntake(), views, request_timeout=0.2) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection,
    ):
        connection.sendall(b"GET /api/cases HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.settimeout(0.6)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        views.gate.set()
        connection.settimeout(5)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_nonsense_fills_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    port = int(client.base.rpartition(":")[2])
    caplog.set_level(logging.WARNING)
    for _ in range(50):
        assert asked(port, b"\x16\x03\x01 no HTTP\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert len(caplog.records) < 5


def test_a_length_that_is_told_twice_is_refused(client: Client, intake: FakeIntake) -> None:
    port = int(client.base.rpartition(":")[2])
    head = (
        "POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        f"Transfer-Encoding: chunked\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    )
    answer = asked(port, head.encode() + b'1e\r\n{"version": "4", "alerts": []}\r\n0\r\n\r\n')
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"send one of the two" in answer


@pytest.mark.parametrize("token", [TOKEN, "wrong"])
def test_ten_megabytes_get_an_answer_and_not_a_reset(client: Client, token: str) -> None:
    answer = client.post(b"x" * 10_000_000, token=token)
    assert answer.status_code == (413 if token == TOKEN else 401)
    assert str(MAX_BODY) in answer.text or token != TOKEN


OURS = ["page.example.org", "PAGE.example.org:8443", "more.example.org", "localhost:8080", "127.0.0.1:8080"]
INSIDE = [
    "10.1.2.3:8080",
    "[::1]:8080",
    "rollbackd",
    "rollbackd.ops.svc",
    "rollbackd.ops.svc.cluster.local:80",
]


@pytest.mark.parametrize("host", [*OURS, *INSIDE])
def test_the_page_is_served_under_our_names(host: str) -> None:
    with serving(FakeIntake(), FakeViews(), hosts=("page.example.org", "more.example.org")) as server:
        for path in ("/", "/api/status"):
            assert Client(server.port).get(path, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example.com", "page.example.org.evil.com", "127.0.0.1.evil.com", "a.b@c.d"]
)
def test_the_page_is_not_served_under_a_foreign_name_and_machines_are(host: str) -> None:
    with serving(FakeIntake(), FakeViews(), hosts=("page.example.org",)) as server:
        refused = Client(server.port).get("/api/status", Host=host)
        assert (refused.status_code, "web.hosts" in refused.json()["error"]) == (421, True)
        assert Client(server.port).get("/healthz", Host=host).status_code == 200
    with serving(FakeIntake(), FakeViews()) as server:
        assert Client(server.port).get("/api/status", Host=host).status_code == 200
