"""While the cases are listed for the first time, each look at a workload does not list them once more."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator

import pytest
from werkzeug import Response

from daemon import ports
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.core.model import WorkloadRef
from tests.contract.samples import new_case
from tests.unit.kubernetes.conftest import FixedClock
from tests.unit.kubernetes.fake_api import FakeApi

PATIENCE = 10.0


def slowly(over: threading.Event) -> Response:
    """An empty list that comes once it may."""

    def body() -> Iterator[bytes]:
        over.wait(PATIENCE)
        yield json.dumps({"metadata": {"resourceVersion": "1"}, "items": []}).encode()

    return Response(body(), content_type="application/json")


def test_a_look_waits_for_the_watchs_own_list(api: FakeApi, client: KubeClient, clock: FixedClock) -> None:
    over = threading.Event()
    api.answers["GET"] = [slowly(over)]
    store = KubeCaseStore(client, namespaces=["greenlang"], clock=clock, on_problem=lambda _: None)
    told: queue.Queue[WorkloadRef] = queue.Queue()
    store.watch(told.put)
    for ask in (store.cases, store.unfinished, lambda: store.of(new_case("greenlang").ref)):
        with pytest.raises(
            ports.Unavailable, match="the cases of namespace greenlang are still being listed"
        ):
            ask()
    over.set()
    api.watched_from.get(timeout=PATIENCE)
    assert store.cases() == ()
    assert len([request for request in api.requests if request[0] == "GET"]) == 1
    api.closing.set()
    assert store.stop(PATIENCE) == []
