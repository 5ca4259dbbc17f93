"""apprise's own manners: it does not say why a message was refused, and its log knows the address."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from daemon.adapters.incidents.apprise import AppriseSink
from daemon.ports import Denied, Unavailable

from .conftest import incident

KEY = "71f3-secret-of-the-service-9b2e"
pytestmark = [
    # Its import takes seconds.
    pytest.mark.e2e,
    # Of modules that Python gives up, and the library asks for.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_a_message_is_taken_or_tried_again_and_the_address_is_told_nowhere(
    httpserver: HTTPServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="apprise")
    httpserver.expect_ordered_request(f"/{KEY}", method="POST").respond_with_json({})
    httpserver.expect_ordered_request(f"/{KEY}", method="POST").respond_with_data("no", status=500)
    file = tmp_path / "url"
    file.write_text(f"json://{httpserver.host}:{httpserver.port}/{KEY}\n")
    sink = AppriseSink({"ops": file})
    said = sink.publish(incident())
    assert httpserver.log[0][0].get_json()["title"] == incident().title
    with pytest.raises(Unavailable, match="apprise could not notify") as refusal:
        sink.publish(incident())
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("apprise")]
    assert KEY not in " ".join([said, str(refusal.value), *logged])


def test_an_address_that_apprise_does_not_know_is_a_persons(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"nonsense://{KEY}")
    with pytest.raises(Denied, match="no address that apprise knows") as refusal:
        AppriseSink({"ops": file}).publish(incident())
    assert KEY not in str(refusal.value)
