"""The servers that the settings ask for: the page with its login, and one on the loopback to look at."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry

from daemon.ports import Rejected
from daemon.settings import load
from daemon.web.entrance import Served, WebServers
from tests.unit.web import samples
from tests.unit.web.doors import HERE, MARKED, Hands, Reachable
from tests.unit.web.fakes import FakeIntake, FakeViews
from tests.unit.web.test_actions import Remembered


def servers(folder: Path, web: str) -> WebServers:
    file = folder / "rollbackd.yaml"
    file.write_text(f"workloads: [{{namespace: {HERE}, name: x, signals: []}}]\nweb: {web}\n")
    views = FakeViews()
    views.now_cases = [samples.awaiting()]
    served = Served(views=views, clock=Hands(), access=Reachable(), orders=Remembered())
    return WebServers(load(file), served, intake=FakeIntake(), registry=CollectorRegistry())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def test_beside_the_login_there_may_be_a_port_of_the_loopback_to_look_at(tmp_path: Path) -> None:
    port = free_port()
    made = servers(tmp_path, f"{{host: 0.0.0.0, port: 0, local_port: {port}}}")
    made.start()
    try:
        case = f"/api/cases/{HERE}/{samples.awaiting().name}"
        assert requests.get(f"http://127.0.0.1:{made.port}{case}", timeout=5).status_code == 401
        local = f"http://127.0.0.1:{port}"
        assert requests.get(local + case, timeout=5).json()["actions"] == []
        assert requests.post(f"{local}{case}/hold", headers=MARKED, timeout=5).status_code in {404, 405}
        assert requests.post(f"{local}/webhooks/alertmanager", timeout=5).status_code in {404, 405}
        foreign = requests.get(local + case, headers={"Host": "evil.example"}, timeout=5)
        assert foreign.status_code == 421, "no foreign page leads its own name here"
    finally:
        assert made.stop(10) == []


def test_where_one_cannot_listen_neither_does(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        made = servers(tmp_path, f"{{host: 127.0.0.1, port: 0, local_port: {taken.getsockname()[1]}}}")
        with pytest.raises(Rejected, match="cannot listen on"):
            made.start()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{made.port}/healthz", timeout=5)
