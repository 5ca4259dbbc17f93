"""What Alertmanager is promised, over a real socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from daemon.web import receiver
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import MAX_BODY, FakeIntake, FakeViews, serving


def alert(**changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "GL006HighErrorRate", "severity": "critical", "app": "gl-006-heatreclaim"},
        "annotations": {"summary": "Error rate over 5 %"},
        "startsAt": "2026-11-24T11:00:00.123456789+01:00",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "c0ffee0123456789",
    } | changes


def payload(*alerts: dict[str, Any], **changes: Any) -> str:
    whole = {
        "version": "4",
        "groupKey": "{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "alerts": list(alerts),
    }
    return json.dumps(whole | changes)


def test_a_delivery_is_recorded_and_counted(client: Client, intake: FakeIntake) -> None:
    other = alert(fingerprint="f2", labels={"alertname": "Other"})

    answer = client.post(payload(alert(), other))

    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "recorded": 1})
    first = intake.recorded[0]
    assert (first.name, first.severity, first.summary) == (
        "GL006HighErrorRate",
        "critical",
        "Error rate over 5 %",
    )
    assert first.starts_at == datetime(2026, 11, 24, 10, 0, 0, 123457, tzinfo=UTC)
    assert first.ends_at is None, "Go's zero time means: not ended"
    assert 'rollbackd_webhook_deliveries_total{code="200"} 1.0' in client.get("/metrics").text


def test_a_resolved_alert_has_its_end(client: Client, intake: FakeIntake) -> None:
    client.post(payload(alert(status="resolved", endsAt="2026-11-24T10:30:00Z")))

    assert intake.recorded[0].status == "resolved"
    assert intake.recorded[0].ends_at == datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


def test_an_old_alertmanager_without_fingerprints_still_has_identities(
    client: Client, intake: FakeIntake
) -> None:
    one = alert(labels={"a": "1", "b": "2"})
    same = alert(labels={"b": "2", "a": "1"})
    other = alert(labels={"a": "1", "b": "3"})
    for each in (one, same, other):
        del each["fingerprint"]

    client.post(payload(one, same, other))

    first, second, third = (recorded.fingerprint for recorded in intake.recorded)
    assert first == second
    assert first
    assert third != first


def test_a_delivery_of_nothing_is_fine(client: Client) -> None:
    assert client.post(payload()).json() == {"accepted": 0, "recorded": 0}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"version": "4", nope}', "(byte 17)"),
        ("[]", "Expected `object`, got `array`"),
        ("null", "Expected `object`, got `null`"),
        ("{}", "missing required field `version`"),
        ('{"version": "5"}', 'payload version "5" is not supported: send version "4"'),
        ('{"version": 4}', "Expected `str`, got `int` - at `$.version`"),
        ('{"version": "4"}', "missing required field `alerts`"),
        (payload({"status": "firing", "labels": {}}), "field `startsAt` - at `$.alerts[0]`"),
        (payload(alert(), alert(status="flapping")), "'flapping' - at `$.alerts[1].status`"),
        (payload(alert(startsAt="yesterday")), "at `$.alerts[0].startsAt`"),
        (payload(alert(startsAt="2026-11-24T10:00:00")), "timezone component - at `$.alerts[0].startsAt`"),
        (payload(alert(startsAt="9999-12-31T23:59:59-10:00")), "outside the years"),
        (payload(alert(labels={"alertname": 7})), "at `$.alerts[0].labels[...]`"),
        ('{"version": "4", "x": ' + "[" * 3000, "nested too deeply"),
        (b'{"version": "4", "alerts": [{"status": "\xff"}]}', "UTF-8"),
        (r'{"version": "4", "x": "\ud800"}', "not JSON"),
    ],
)
def test_what_can_never_succeed_is_refused_with_the_place(
    unmoved: Client, body: str | bytes, says: str
) -> None:
    answer = unmoved.post(body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]


@pytest.mark.parametrize("token", [None, "", "wrong", "s3cret-token"])
def test_without_the_token_nothing_is_read(unmoved: Client, token: str | None) -> None:
    answer = unmoved.post(payload(alert()), token=token)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_without_a_token_in_the_settings_the_webhook_is_off(intake: FakeIntake, views: FakeViews) -> None:
    with serving(intake, views, token=None) as server:
        answer = Client(server.port).post(payload(alert()))

    assert answer.status_code == 403
    assert "web.token_file" in answer.json()["error"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_cut_off(unmoved: Client, chunked: bool) -> None:
    body = payload(alert(annotations={"summary": "x" * MAX_BODY}))

    def chunks() -> Iterator[bytes]:
        yield body.encode()

    answer = unmoved.post(chunks() if chunked else body)

    assert answer.status_code == 413
    assert "4096 bytes" in answer.json()["error"]


def test_a_sender_that_goes_away_disturbs_nobody(client: Client, intake: FakeIntake) -> None:
    with socket.create_connection(("127.0.0.1", int(client.base.rpartition(":")[2]))) as connection:
        connection.sendall(
            b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Authorization: Bearer " + "s3cret-tökén".encode() + b"\r\n\r\n{"
        )

    assert client.post(payload(alert())).status_code == 200
    assert len(intake.recorded) == 1


def test_what_could_not_be_recorded_is_asked_for_again(client: Client, intake: FakeIntake) -> None:
    intake.down = "the API server does not answer"

    answer = client.post(payload(alert()))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "the API server does not answer" in answer.json()["error"]


def test_more_deliveries_than_can_be_held_are_put_off_and_the_probes_still_answer(
    client: Client, intake: FakeIntake
) -> None:
    intake.gate.clear()
    with ThreadPoolExecutor(receiver.MAX_IN_FLIGHT) as pool:
        waiting = [pool.submit(client.post, payload(alert())) for _ in range(receiver.MAX_IN_FLIGHT)]
        for _ in waiting:
            assert intake.entered.acquire(timeout=10)

        refused = client.post(payload(alert()))
        alive = client.get("/healthz")
        intake.gate.set()

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert alive.status_code == 200
    assert {future.result().status_code for future in waiting} == {200}
    assert client.post(payload(alert())).status_code == 200, "the places are free again"
