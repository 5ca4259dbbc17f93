"""The signed requests: what a receiver verifies, and what it reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from daemon.adapters.incidents.webhook import Payload, WebhookSink, schema, signature
from daemon.ports import Rejected, Unavailable

from .conftest import incident

SENT = datetime(2026, 1, 5, 9, 7, 30, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    return file


@pytest.fixture
def hook(httpserver: HTTPServer, secret: Path) -> WebhookSink:
    return WebhookSink(
        httpserver.url_for("/hook"), secret, now=lambda: SENT, page_url="https://rollbackd.example"
    )


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks, as its libraries test it."""
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_request_is_signed_over_what_is_sent(httpserver: HTTPServer, hook: WebhookSink) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    hook.publish(incident())
    (request, _), *more = httpserver.log
    assert not more
    head = request.headers
    assert head["webhook-timestamp"] == str(int(SENT.timestamp()))
    expected = signature(SECRET, head["webhook-id"], head["webhook-timestamp"], request.get_data())
    assert head["webhook-signature"] == expected


def test_each_stage_has_an_id_of_its_own_that_a_repeat_keeps(
    httpserver: HTTPServer, hook: WebhookSink
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    for told in (incident(), incident(), incident("closed")):
        hook.publish(told)
    first, again, closed = (request.headers["webhook-id"] for request, _ in httpserver.log)
    assert first == again != closed


def test_the_body_says_what_was_decided(httpserver: HTTPServer, hook: WebhookSink) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    hook.publish(incident("closed"))
    body = msgspec.json.decode(httpserver.log[0][0].get_data(), type=Payload)
    case = incident().case
    assert (body.namespace, body.deployment, body.case) == (case.namespace, case.spec.workload, case.name)
    assert (body.stage, body.phase, body.version) == ("closed", "RolledBack", "1")
    assert body.judged.image == case.spec.revision.image
    assert body.target is not None
    assert body.target.revision == case.status.target.number if case.status.target else None
    assert body.page == f"https://rollbackd.example/#/cases/{case.namespace}/{case.name}"


def test_the_published_schema_is_that_of_the_body() -> None:
    """If not: ``make docs``."""
    published = Path(__file__).parents[3] / "docs/webhook.schema.json"
    assert json.loads(published.read_text()) == json.loads(schema())


def test_a_rotated_secret_is_used_at_once(httpserver: HTTPServer, hook: WebhookSink, secret: Path) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    hook.publish(incident())
    secret.write_text("plain text that is no base64")
    hook.publish(incident())
    head = httpserver.log[1][0].headers
    body = httpserver.log[1][0].get_data()
    made = signature("plain text that is no base64", head["webhook-id"], head["webhook-timestamp"], body)
    assert head["webhook-signature"] == made


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "cannot be read"),
        (b"whsec_!!!", "not base64"),
        (None, "cannot be read"),
    ],
)
def test_a_secret_that_is_none_sends_nothing(
    httpserver: HTTPServer, hook: WebhookSink, secret: Path, content: bytes | None, says: str
) -> None:
    if content is None:
        secret.unlink()
    else:
        secret.write_bytes(content)
    with pytest.raises(Unavailable, match=says):
        hook.publish(incident())
    assert not httpserver.log


def test_a_redirect_is_not_followed(httpserver: HTTPServer, hook: WebhookSink) -> None:
    moved = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/hook").respond_with_data("", status=307, headers=moved)
    with pytest.raises(Rejected, match="307"):
        hook.publish(incident())
    assert [request.path for request, _ in httpserver.log] == ["/hook"]
