"""The pause that a person sets by command is one that the guard understands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.pausing import pause, resume
from daemon.adapters.kubernetes.resources import DEPLOYMENTS
from daemon.core.case.guards.pause import PAUSE, paused_until
from daemon.core.model import WorkloadRef
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi

REF = WorkloadRef(namespace="shop", name="cart")


def test_set_for_a_time_for_good_and_taken_off(api: FakeApi, client: KubeClient) -> None:
    api.answers["PATCH"] = [fake_api.answer({"metadata": {"name": "cart"}}) for _ in range(3)]

    timed = pause(client, REF, 7200)
    lasting = pause(client, REF, None)
    resume(client, REF)

    assert {path for _, path, _, _ in api.writes()} == {DEPLOYMENTS.path("shop", "cart")}
    bodies = [body["metadata"]["annotations"][PAUSE] for _, _, _, body in api.writes()]
    assert bodies == [timed, lasting, None]
    end, now = paused_until(timed), client.server_time()
    assert end is not None
    assert now is not None
    assert timedelta(seconds=7190) < end - now <= timedelta(seconds=7201)
    assert paused_until(lasting) is None
    assert {query["fieldManager"] for _, _, query, _ in api.writes()} == {"rollbackd-cli"}


def test_no_such_deployment(client: KubeClient) -> None:
    with pytest.raises(ports.Missing, match="Deployment shop/cart does not exist: see kubectl get"):
        pause(client, REF, None)
