"""Events as PagerDuty's Events API v2 documents them: one alert for each case, resolved when it is over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pytest_httpserver import HTTPServer

from daemon.adapters.incidents.pagerduty import LONGEST_SUMMARY, PagerDutySink
from daemon.core.case.incident import Incident
from daemon.core.policy import Level

from .conftest import incident

KEY = "R0123456789ABCDEF0123456789ABCDE"


@pytest.fixture
def duty(httpserver: HTTPServer, tmp_path: Path) -> PagerDutySink:
    httpserver.expect_request("/v2/enqueue", method="POST").respond_with_json({}, status=202)
    file = tmp_path / "key"
    file.write_text(KEY)
    return PagerDutySink(file, address=httpserver.url_for("/"), page_url="https://rollbackd.example")


def sent(server: HTTPServer) -> list[dict[str, Any]]:
    return [json.loads(request.get_data()) for request, _ in server.log]


def test_the_stages_of_a_case_are_one_alert_that_ends_resolved(
    httpserver: HTTPServer, duty: PagerDutySink
) -> None:
    for told in (incident("opened"), incident("updated"), incident("closed")):
        duty.publish(told)
    events = sent(httpserver)
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for event in events} == {incident().key}
    assert {event["routing_key"] for event in events} == {KEY}


@pytest.mark.parametrize("level", Level)
def test_how_much_it_asks_of_people_is_its_severity(
    httpserver: HTTPServer, duty: PagerDutySink, level: Level
) -> None:
    duty.publish(replace(incident(), level=level))
    assert sent(httpserver)[0]["payload"]["severity"] == level.value


def test_a_long_story_stays_within_what_pagerduty_takes(httpserver: HTTPServer, duty: PagerDutySink) -> None:
    long: Incident = replace(
        incident(), reason="é" * 5_000, message="x" * 300_000, timeline=("y" * 1_000,) * 1_000
    )
    duty.publish(long)
    body = httpserver.log[0][0].get_data()
    assert len(body) < 512 * 1024
    assert len(sent(httpserver)[0]["payload"]["summary"]) <= LONGEST_SUMMARY


def test_the_alert_links_to_the_case(httpserver: HTTPServer, duty: PagerDutySink) -> None:
    duty.publish(incident())
    case = incident().case
    page = f"https://rollbackd.example/#/cases/{case.namespace}/{case.name}"
    assert sent(httpserver)[0]["client_url"] == page
