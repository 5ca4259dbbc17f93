"""A case's trace as a receiver reads it: once, whole, and the same however often it is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.incidents.otel import OtelSink
from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import Incident, Stage, render
from daemon.core.case.spans import spans
from daemon.core.policy import Policy
from daemon.ports import Denied, PortError, Rejected, Unavailable
from daemon.presentation.trial import trial
from tests.contract.samples import BEGAN, incident

UID = "3d1f7c1e-5f0e-4d0a-9a86-0f6f0c1b2a3d"
TOKEN = "eyJhbGciOi.token-of-the-receiver"
ENDED = BEGAN + timedelta(seconds=90)


class Receiver:
    """Decodes what it is sent, and answers with ``status``."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.requests: list[Request] = []
        self.answer = Response(b"", content_type="application/x-protobuf")
        self.token = folder / "token"
        self.token.write_text(f"{TOKEN}\n")
        self.address = server.url_for("").rstrip("/")
        server.expect_request("/v1/traces", method="POST").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.requests.append(request)
        return self.answer

    def sink(self) -> OtelSink:
        return OtelSink(self.address, self.token, page_url="https://page.example")

    @property
    def spans(self) -> list[Span]:
        found = []
        for request in self.requests:
            assert request.content_type == "application/x-protobuf"
            sent = ExportTraceServiceRequest.FromString(request.get_data())
            [resource] = sent.resource_spans
            us = {each.key: each.value.string_value for each in resource.resource.attributes}
            assert us["service.name"] == "rollbackd"
            [scope] = resource.scope_spans
            found += scope.spans
        return found


@pytest.fixture
def receiver(httpserver: HTTPServer, tmp_path: Path) -> Receiver:
    return Receiver(httpserver, tmp_path)


def over(phase: Phase = Phase.ROLLED_BACK) -> Case:
    case = incident("closed", UID).case
    return replace(case, status=replace(case.status, phase=phase, finished_at=ENDED))


def told(case: Case, stage: Stage = "closed", seconds: float = 90.0) -> Incident:
    return render(case, Policy(), stage, BEGAN + timedelta(seconds=seconds))


def moments(span: Span) -> tuple[datetime, datetime]:
    began, ended = (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
        for nanoseconds in (span.start_time_unix_nano, span.end_time_unix_nano)
    )
    return began, ended


def test_a_case_that_is_over_is_one_trace_with_its_own_times(receiver: Receiver) -> None:
    case = over()
    reference = receiver.sink().publish(told(case))
    [request] = receiver.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    root, *children = receiver.spans
    assert {span.trace_id.hex() for span in receiver.spans} == {reference.removeprefix("trace ")}
    assert root.parent_span_id == b""
    assert {span.parent_span_id for span in children} == {root.span_id}
    assert len({span.span_id for span in receiver.spans}) == len(children) + 1
    assert [span.name for span in children] == ["rollback", "watching", "decision", "verification"]
    assert [moments(span) for span in receiver.spans] == [(s.began, s.ended) for s in spans(case)]
    facts = {each.key: each.value.string_value for each in root.attributes}
    assert facts["k8s.namespace.name"] == "greenlang"
    assert facts["rollbackd.phase"] == "RolledBack"
    assert facts["rollbackd.page"] == f"https://page.example/#/cases/greenlang/{case.name}"
    assert [event.name for event in root.events] == [entry.text for entry in case.status.timeline]
    assert root.status.code == Status.STATUS_CODE_ERROR


def test_a_repeat_is_the_same_trace_to_the_byte_and_another_case_is_another(receiver: Receiver) -> None:
    for _ in range(2):
        receiver.sink().publish(told(over()))
    first, second = (request.get_data() for request in receiver.requests)
    assert first == second
    another = receiver.sink().publish(told(replace(over(), uid="another")))
    assert another != receiver.sink().publish(told(over()))


NOT_THE_END = [
    told(incident("opened", UID).case, "opened"),
    told(over(), "updated", 30),
    told(over(), "closed", 500),
]


@pytest.mark.parametrize("early", NOT_THE_END, ids=["before it is over", "told late", "between rollouts"])
def test_what_is_not_the_end_sends_nothing(receiver: Receiver, early: Incident) -> None:
    reference = receiver.sink().publish(early)
    assert receiver.requests == []
    assert receiver.sink().publish(told(over())) == reference


def test_what_was_not_recovered_is_sent_although_its_incident_stays_open(receiver: Receiver) -> None:
    receiver.sink().publish(told(over(Phase.UNRECOVERED), "updated"))
    *_, verification = receiver.spans
    assert verification.name == "verification"
    assert verification.status.code == Status.STATUS_CODE_ERROR


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unavailable),
        (403, Denied),
        (404, Rejected),
        (429, Unavailable),
        (503, Unavailable),
        (307, Rejected),
    ],
)
def test_what_may_pass_and_what_a_person_must_change_are_told_apart(
    receiver: Receiver, status: int, kind: type[PortError]
) -> None:
    receiver.answer = Response(f"no: {TOKEN}", status, {"Location": "http://127.0.0.1:9/"})
    with pytest.raises(kind, match="the OTLP receiver") as refusal:
        receiver.sink().publish(told(over()))
    assert TOKEN not in str(refusal.value)
    assert len(receiver.requests) == 1


def test_a_receiver_that_asks_for_no_token_is_sent_none(receiver: Receiver) -> None:
    OtelSink(receiver.address).publish(told(over()))
    [request] = receiver.requests
    assert "Authorization" not in request.headers


def test_a_trial_of_the_end_arrives_and_says_what_it_is(receiver: Receiver) -> None:
    for stage in ("opened", "closed"):
        receiver.sink().publish(trial("shop", BEGAN, stage))
    assert len(receiver.requests) == 1
    root = receiver.spans[0]
    facts = {each.key: each.value.string_value for each in root.attributes}
    assert root.name == "release rollbackd-test"
    assert facts["rollbackd.detail"].startswith("Somebody tries")


def test_what_would_be_sent_is_shown() -> None:
    shown = OtelSink("http://collector:4318").preview(told(over()))
    assert shown["spans"][0] == {  # type: ignore[index]
        "name": "release",
        "began": f"{over().spec.started_at:%H:%M:%S}",
        "ended": f"{ENDED:%H:%M:%S}",
    }
