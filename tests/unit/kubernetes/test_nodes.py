"""What is wrong with a node is what its conditions say."""

from __future__ import annotations

from typing import Any

import pytest

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.nodes import KubeNodes
from tests.unit.kubernetes import fake_api, samples
from tests.unit.kubernetes.fake_api import FakeApi

PATH = "/api/v1/nodes/node-1"


def put(api: FakeApi, *conditions: dict[str, Any]) -> None:
    api.put(PATH, {"metadata": samples.metadata("node-1", "n"), "status": {"conditions": list(conditions)}})


def condition(kind: str, status: str, **more: str) -> dict[str, Any]:
    return {"type": kind, "status": status, "lastTransitionTime": "2026-11-24T11:30:05Z"} | more


WELL = (
    condition("Ready", "True"),
    condition("MemoryPressure", "False"),
    condition("DiskPressure", "False"),
    condition("PIDPressure", "False"),
    condition("KernelDeadlock", "True"),
)


def test_a_node_that_is_well_has_no_trouble(api: FakeApi, client: KubeClient) -> None:
    put(api, *WELL)
    assert KubeNodes(client).trouble("node-1") == ""
    assert [(method, path) for method, path, _, _ in api.requests] == [("GET", PATH)]


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_a_node_that_is_not_ready_says_since_when_and_why(
    api: FakeApi, client: KubeClient, status: str
) -> None:
    put(api, *WELL[1:], condition("Ready", status, reason="KubeletNotReady", message="runtime is down"))
    assert KubeNodes(client).trouble("node-1") == "NotReady since 11:30:05 (runtime is down)"


@pytest.mark.parametrize("kind", ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"])
def test_pressure_is_trouble(api: FakeApi, client: KubeClient, kind: str) -> None:
    put(api, WELL[0], condition(kind, "True", reason="Low"))
    assert KubeNodes(client).trouble("node-1") == f"{kind} since 11:30:05 (Low)"


def test_a_node_without_conditions_says_nothing(api: FakeApi, client: KubeClient) -> None:
    api.put(PATH, {"metadata": samples.metadata("node-1", "n")})
    assert KubeNodes(client).trouble("node-1") == ""


@pytest.mark.parametrize(
    ("code", "error"), [(403, ports.Denied), (404, ports.Missing), (503, ports.Unavailable)]
)
def test_what_the_server_refuses_is_told_in_the_ports_words(
    api: FakeApi, client: KubeClient, code: int, error: type[ports.PortError]
) -> None:
    api.answers["GET"] = [fake_api.status(code, "no")]
    with pytest.raises(error):
        KubeNodes(client).trouble("node-1")
