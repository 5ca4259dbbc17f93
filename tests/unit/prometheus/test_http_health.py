"""Health endpoints are asked once, in time, on the pod alone; whatever happens is told in a few words."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.http_health import HttpHealthProbe
from daemon.core.judge.recovery import Health
from daemon.core.model import Pod
from daemon.core.rollout_facts.endpoints import Endpoint, written
from daemon.settings import HealthSettings
from tests.unit.prometheus.conftest import MachineClock


def pod(ip: str = "127.0.0.1", name: str = "heat-1") -> Pod:
    return Pod(
        name=name,
        uid="u",
        replica_set="heat",
        replica_set_uid="rs",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ip=ip,
    )


def probe(port: int, *paths: str, timeout: float = 2.0, ip: str = "127.0.0.1") -> tuple[Health, ...]:
    settings = HealthSettings(port=port, timeout=timeout)
    return HttpHealthProbe(settings, MachineClock()).probe([pod(ip)], [written(path) for path in paths])


def ask(endpoint: Endpoint, timeout: float = 2.0) -> Health:
    (health,) = HttpHealthProbe(HealthSettings(timeout=timeout), MachineClock()).probe([pod()], [endpoint])
    return health


def test_every_path_of_every_pod_in_their_order(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/health").respond_with_data("ok")
    httpserver.expect_request("/ready").respond_with_data("not\n  ready", status=503)
    health = HttpHealthProbe(HealthSettings(port=httpserver.port), MachineClock())
    found = health.probe([pod(name="a"), pod(name="b")], [written("/health"), written("/ready")])
    assert [(h.pod, h.path, h.ok) for h in found] == [
        ("a", "/health", True),
        ("a", "/ready", False),
        ("b", "/health", True),
        ("b", "/ready", False),
    ]
    assert found[0].detail.startswith("200 in ")
    assert found[0].detail.endswith(" ms")
    assert found[1].detail == "503: not ready"


def test_nothing_to_ask() -> None:
    assert probe(1) == ()


def test_a_path_with_a_port_of_its_own(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/live", query_string="full=1").respond_with_data("ok")
    (health,) = probe(1, f":{httpserver.port}/live?full=1")
    assert health.ok


@pytest.mark.parametrize(("status", "ok"), [(204, True), (301, True), (404, False), (500, False)])
def test_below_400_is_healthy(httpserver: HTTPServer, status: int, ok: bool) -> None:
    httpserver.expect_request("/health").respond_with_data("", status=status)
    (health,) = probe(httpserver.port, "/health")
    assert health.ok is ok
    assert health.detail.startswith(str(status))


def test_a_redirect_on_the_pod_is_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/health").respond_with_response(Response("", 307, {"Location": "/health/"}))
    httpserver.expect_request("/health/").respond_with_data("broken", status=500)
    (health,) = probe(httpserver.port, "/health")
    assert (health.ok, health.detail) == (False, "500: broken")


@pytest.mark.parametrize(
    "place", ["http://127.0.0.2:1/", "https://127.0.0.2/", "//elsewhere/x", "ftp://127.0.0.1/", "http://[bad"]
)
def test_a_redirect_elsewhere_is_not_followed(httpserver: HTTPServer, place: str) -> None:
    with raw(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()) as port:
        (health,) = probe(port, "/health")
    assert health.ok is (place != "http://[bad")


def test_a_redirect_to_another_port_of_the_pod_is_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/health").respond_with_data("broken", status=500)
    location = f"http://127.0.0.1:{httpserver.port}/health"
    with raw(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()) as port:
        (health,) = probe(port, "/")
    assert (health.ok, health.detail) == (False, "500: broken")


def test_redirects_in_a_circle_end(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_response(Response("", 302, {"Location": "/a"}))
    (health,) = probe(httpserver.port, "/a")
    assert (health.ok, health.detail) == (False, "it redirects more than 9 times")


@pytest.fixture(scope="module")
def tls_server() -> Iterator[HTTPServer]:
    """Nobody vouches for its certificate, which is for another name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("other.example.com").configure_cert(context)
    with HTTPServer(ssl_context=context) as server:
        yield server


@contextmanager
def raw(answer: bytes | None, *, silent: bool = False) -> Iterator[int]:
    """A server that answers with these bytes and closes; or, without, trickles header bytes for ever, or says
    nothing at all."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.settimeout(5)
                connection.recv(4096)
                if answer is not None:
                    connection.sendall(answer)
                    return
                while not over.wait(0.02):
                    if silent:
                        continue
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"", "the connection was cut before an answer"),
        (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 500 No\r\n\r\n\xff\xfe", "500: \ufffd\ufffd"),
    ],
)
def test_strange_answers(answer: bytes, detail: str) -> None:
    with raw(answer) as port:
        (health,) = probe(port, "/health")
    assert (health.ok, health.detail) == (False, detail)


def test_headers_that_trickle_end_at_the_deadline() -> None:
    """Each byte comes soon; the answer never does."""
    with raw(None) as port:
        (health,) = probe(port, "/health", timeout=0.2)
    assert (health.ok, health.detail) == (False, "no answer within 0.2 s")


def test_the_probes_own_headers_are_sent_and_win_over_ours(httpserver: HTTPServer) -> None:
    headers = (("host", "heat.example.com"), ("X-Probe", "yes"), ("User-Agent", "kube"), ("Accept", ""))
    httpserver.expect_request("/health").respond_with_data("ok")
    assert ask(Endpoint(path="/health", port=httpserver.port, headers=headers)).ok
    (request, _), *_ = httpserver.log
    assert (request.headers["X-Probe"], request.headers["User-Agent"]) == ("yes", "kube")
    assert request.headers["Host"] == "heat.example.com"
    assert "Accept" not in request.headers


def test_a_certificate_that_nobody_vouches_for_is_taken(tls_server: HTTPServer) -> None:
    tls_server.expect_request("/health").respond_with_data("ok")
    health = ask(Endpoint(path="/health", port=tls_server.port, scheme="https"))
    assert (health.ok, health.path) == (True, f"https:{tls_server.port}/health")


def test_a_pod_that_speaks_no_tls_says_so(httpserver: HTTPServer) -> None:
    health = ask(Endpoint(path="/health", port=httpserver.port, scheme="https"))
    assert not health.ok
    assert health.detail.startswith("no TLS connection")


def test_a_tls_handshake_that_is_never_answered_ends_at_the_deadline() -> None:
    with raw(None, silent=True) as port:
        health = ask(Endpoint(path="/", port=port, scheme="https"), timeout=0.2)
    assert (health.ok, health.detail) == (False, "no answer within 0.2 s")


def test_a_probe_that_may_take_longer_is_waited_for() -> None:
    with raw(None) as port:
        health = ask(Endpoint(path="/", port=port, timeout=0.4), timeout=0.1)
    assert (health.ok, health.detail) == (False, "no answer within 0.4 s")


def test_a_path_for_which_no_port_is_known() -> None:
    assert "health.port" in ask(Endpoint(path="/health")).detail


def test_nobody_listens() -> None:
    (health,) = probe(1, "/health")
    assert (health.ok, health.detail) == (False, "connection refused")


def test_a_pod_without_an_address() -> None:
    (health,) = probe(8000, "/health", ip="")
    assert (health.ok, health.detail) == (False, "the pod has no address yet")


def test_an_address_that_is_none() -> None:
    (health,) = probe(8000, "/health", ip="256.1.1.1.invalid")
    assert not health.ok
    assert health.detail
