from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.events import IN_PLACE, MESSAGE_BYTES, REASONS, EventSink, event_of
from daemon.core.case.case import Phase, Status
from daemon.core.case.incident import Incident, render
from daemon.core.policy import Policy
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.conftest import NOW
from tests.unit.kubernetes.fake_api import FakeApi
from tests.unit.kubernetes.test_cases import new_case


def incident(
    phase: Phase = Phase.ROLLED_BACK, reason: str = "it serves again", seconds: float = 0.0
) -> Incident:
    case = replace(new_case(), uid="case-uid", status=Status(phase=phase, reason=reason))
    return render(case, Policy(), "closed", NOW + timedelta(seconds=seconds))


def test_an_event_names_the_deployment_and_is_told_once(api: FakeApi, client: KubeClient) -> None:
    sink = EventSink(client, instance="rollbackd-0")
    reference = sink.publish(incident())
    assert sink.publish(incident()) == reference
    (event,) = api.objects.values()
    assert event["involvedObject"]["name"] == "web"
    assert (event["reason"], event["type"]) == ("RollbackCompleted", "Normal")
    assert event["message"].endswith("it serves again")
    assert event["reportingInstance"] == "rollbackd-0"


def test_every_phase_has_a_reason() -> None:
    assert set(REASONS) == set(IN_PLACE) == set(Phase)


def test_what_is_told_at_another_time_is_an_event_of_its_own() -> None:
    """A phase may be entered again; a delivery that is tried again may find the case in another phase."""
    told = [incident(Phase.HELD), incident(Phase.HELD, seconds=0.001), incident(Phase.ROLLING_BACK)]
    first, second, repeated = [event_of(each, "i")["metadata"]["name"] for each in told]
    assert first != second
    assert first == repeated


@pytest.mark.parametrize("reason", ["x" * 5000, "ü" * 5000, "€" * 5000])
def test_a_long_message_is_cut_between_characters(reason: str) -> None:
    message = event_of(incident(reason=reason), "i")["message"]
    assert len(message.encode()) <= MESSAGE_BYTES
    assert message.endswith(f"{reason[0]}…")


def test_a_failure_is_the_ports(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.status(503, "later"), fake_api.status(404, "no namespace")]
    with pytest.raises(ports.Unavailable):
        EventSink(client).publish(incident())
    with pytest.raises(ports.Rejected, match="does not exist any more"):
        EventSink(client).publish(incident())
