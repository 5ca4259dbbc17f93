from __future__ import annotations

import signal
import socket
import threading

import pytest
import requests

from daemon.ports import Rejected
from daemon.web.server import WebServer
from tests.unit.web.fakes import FakeIntake, FakeViews, serving


def test_it_answers_as_soon_as_start_returns_and_ends_when_stopped() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with serving(FakeIntake(), FakeViews()) as server:
        port = server.port
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        assert signal.getsignal(signal.SIGTERM) is before

    assert not server.alive
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)


def test_a_request_under_way_is_finished_before_it_stops() -> None:
    intake = FakeIntake()
    intake.gate.clear()
    answers: list[int] = []
    body = (
        '{"version": "4", "alerts": [{"status": "firing", "labels": {}, "startsAt": "2026-01-01T00:00:00Z"}]}'
    )
    with serving(intake, FakeViews(), token="t") as server:

        def post() -> None:
            url = f"http://127.0.0.1:{server.port}/webhooks/alertmanager"
            headers = {"Authorization": "Bearer t"}
            answers.append(requests.post(url, data=body, headers=headers, timeout=20).status_code)

        sender = threading.Thread(target=post)
        sender.start()
        assert intake.entered.acquire(timeout=10)
    sender.join(10)

    assert answers == [200]


def test_answers_are_not_held_back_by_the_network_stack() -> None:
    with serving(FakeIntake(), FakeViews()) as server, requests.Session() as session:
        took = [session.get(f"http://127.0.0.1:{server.port}/healthz", timeout=5).elapsed for _ in range(10)]

    assert min(took[1:]).total_seconds() < 0.03


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(_nothing, host="127.0.0.1", port=port)

        with pytest.raises(Rejected, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            server.start()

    assert server.stop(1)


async def _nothing(*_: object) -> None: ...
