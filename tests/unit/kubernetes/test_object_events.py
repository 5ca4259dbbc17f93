"""The warnings of one object are asked for, and counted as their reporters count."""

from __future__ import annotations

from typing import Any

import pytest

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.object_events import MOST, KubeObjectEvents
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi


def warnings(client: KubeClient) -> tuple[Any, ...]:
    return KubeObjectEvents(client).warnings("greenlang", "p-1")


def test_one_object_is_asked_about_within_bounds(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.answer({"kind": "EventList", "items": [{"reason": "x"}] * (2 * MOST)})]
    assert len(warnings(client)) == MOST
    ((_, path, query, _),) = api.requests
    assert path == "/api/v1/namespaces/greenlang/events"
    assert query == {"fieldSelector": "involvedObject.uid=p-1,type=Warning", "limit": str(MOST)}


@pytest.mark.parametrize(
    ("counted", "times"),
    [({"count": 7}, 7), ({"series": {"count": 9}}, 9), ({"count": 0}, 1), ({}, 1), ({"count": None}, 1)],
)
def test_an_event_counts_in_itself_or_in_a_series(
    api: FakeApi, client: KubeClient, counted: dict[str, Any], times: int
) -> None:
    event = {"reason": "Unhealthy", "message": "probe failed", **counted}
    api.answers["GET"] = [fake_api.answer({"items": [event]})]
    (found,) = warnings(client)
    assert (found.reason, found.message, found.times) == ("Unhealthy", "probe failed", times)


def test_no_events_are_none(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.answer({"items": None})]
    assert warnings(client) == ()


def test_a_refusal_is_denied(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.status(403, 'events is forbidden: User "x" cannot list resource "events"')]
    with pytest.raises(ports.Denied, match="grant this"):
        warnings(client)
