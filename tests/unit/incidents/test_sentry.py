"""The real SDK against a server that stands for Sentry's envelope endpoint."""

from __future__ import annotations

import logging

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.incidents.sentry import SentrySink
from daemon.adapters.incidents.sentry_client import SentryOptions
from daemon.ports import Denied, PortError, Rejected, Unavailable
from tests.unit.incidents.conftest import KEY, dsn, event_in, incident

ENVELOPE = "/api/6/envelope/"


def events(server: HTTPServer) -> list[dict[str, object]]:
    return [event_in(request.data) for request, _ in server.log]


def test_an_incident_arrives_with_what_people_need(httpserver: HTTPServer, sink: SentrySink) -> None:
    httpserver.expect_request(ENVELOPE, method="POST").respond_with_json({})

    reference = sink.publish(incident())

    event = event_in(httpserver.log[0][0].data)
    assert event["level"] == "info"
    assert event["environment"] == "staging"
    assert event["logentry"]["message"].startswith("GL-006 ROLLBACK COMPLETED: recovered")
    assert event["tags"] == {
        "workload": "gl-006-heatreclaim",
        "namespace": "greenlang",
        "revision": "8",
        "version": "v1.0.1",
        "phase": "RolledBack",
        "verdict": "failing",
        "stage": "opened",
    }
    assert "64 of 300 (21.3 %)" in event["contexts"]["evidence"]["lines"]
    page = event["contexts"]["rollout"]["page"]
    assert page.startswith("https://rollbackd.example/#/cases/greenlang/gl-006-heatreclaim-r8-")
    assert len(event["breadcrumbs"]["values"]) == 6
    assert len(event["extra"]["timeline"].splitlines()) == 6
    assert event["event_id"] in reference
    assert f"sentry_key={KEY}" in httpserver.log[0][0].headers["X-Sentry-Auth"]


def test_all_stages_of_a_case_are_one_issue_and_a_repeat_is_the_same_event(
    httpserver: HTTPServer, sink: SentrySink
) -> None:
    httpserver.expect_request(ENVELOPE).respond_with_json({})

    for stage in (incident("opened"), incident("opened"), incident("updated", 50), incident("updated", 60)):
        sink.publish(stage)

    sent = events(httpserver)
    assert {tuple(event["fingerprint"]) for event in sent} == {("case-gl-006-heatreclaim-8",)}  # type: ignore[arg-type]
    opened, repeated, updated, later = (event["event_id"] for event in sent)
    assert opened == repeated
    assert len({opened, updated, later}) == 3


@pytest.mark.parametrize(
    ("status", "error", "remedy"),
    [
        (429, Unavailable, "takes no more for 30 s"),
        (500, Unavailable, "out of order"),
        (503, Unavailable, "out of order"),
        (401, Unavailable, "check the DSN"),
        (403, Denied, "check the DSN"),
        (404, Rejected, "project and address"),
        (413, Rejected, "project and address"),
        (302, Rejected, "project and address"),
    ],
)
def test_an_event_that_was_not_taken_is_an_error(
    httpserver: HTTPServer, sink: SentrySink, status: int, error: type[PortError], remedy: str
) -> None:
    httpserver.expect_request(ENVELOPE).respond_with_data(
        '{"detail":"refused"}', status=status, headers={"Retry-After": "30", "Location": "/elsewhere"}
    )

    with pytest.raises(error, match=remedy) as caught:
        sink.publish(incident())

    assert type(caught.value) is error
    assert "refused" in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(httpserver.log) == 1, "an adapter does not retry"


def test_a_refusal_does_not_silence_the_next_event(httpserver: HTTPServer, sink: SentrySink) -> None:
    httpserver.expect_ordered_request(ENVELOPE).respond_with_data("", status=429)
    httpserver.expect_ordered_request(ENVELOPE).respond_with_json({})

    with pytest.raises(Unavailable):
        sink.publish(incident())

    assert sink.publish(incident()).startswith("Sentry event ")


def test_a_sentry_that_is_down_is_unavailable(httpserver: HTTPServer) -> None:
    sink = SentrySink(SentryOptions(dsn=f"http://{KEY}@127.0.0.1:1/6"))

    with pytest.raises(Unavailable, match=r"Sentry at 127\.0\.0\.1:1 does not answer") as caught:
        sink.publish(incident())

    assert caught.value.__cause__ is not None
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("bad", ["", "sentry", "https://sentry.io/6", "https://key@sentry.io/project"])
def test_a_dsn_that_is_none_fails_at_start_without_showing_it(bad: str) -> None:
    with pytest.raises(ValueError, match="the Sentry DSN is not valid") as caught:
        SentrySink(SentryOptions(dsn=bad))

    assert "https://KEY@HOST/PROJECT" in str(caught.value)


def test_log_lines_and_exceptions_are_no_events(httpserver: HTTPServer, sink: SentrySink) -> None:
    httpserver.expect_request(ENVELOPE).respond_with_handler(_count)

    try:
        raise RuntimeError("a defect of our own")
    except RuntimeError:
        logging.getLogger("daemon").exception("not for Sentry")
    logging.getLogger("daemon").error("not for Sentry either")
    sink.publish(incident())

    assert [event["logger"] for event in events(httpserver)] == ["rollbackd"]


def _count(_: Request) -> Response:
    return Response("{}", content_type="application/json")


def test_the_dsn_path_is_kept(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/sentry/api/6/envelope/").respond_with_json({})
    sink = SentrySink(SentryOptions(dsn=dsn(httpserver).replace("/6", "/sentry/6")))

    assert sink.publish(incident()).startswith("Sentry event ")
