"""The contract of :class:`daemon.ports.DefectReporter`, asked of the twin and of Sentry."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.incidents.sentry_client import SentryOptions
from daemon.adapters.incidents.sentry_defects import SentryDefects
from daemon.ports import DefectReporter, Denied, PortError, Rejected, Unavailable
from tests.simulation.defects import MemoryDefects

KEY = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct-horse-battery"
PLACE = "/api/6/envelope/"
REFUSALS: dict[int, type[PortError]] = {403: Denied, 404: Rejected, 429: Unavailable, 503: Unavailable}


@dataclass(frozen=True)
class Driver:
    """``heard`` has what left the process, as text, one for each defect; ``refuse`` takes an HTTP status."""

    reporter: DefectReporter
    heard: Callable[[], Sequence[str]]
    refuse: Callable[[int], None]


@pytest.fixture(params=["memory", "sentry"])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    if request.param == "memory":
        yield _memory()
        return
    server: HTTPServer = request.getfixturevalue("httpserver")
    server.expect_request(PLACE).respond_with_json({})
    made = SentryDefects(SentryOptions(dsn=f"http://{KEY}@{server.host}:{server.port}/6"))

    def refuse(status: int) -> None:
        server.clear_all_handlers()
        server.expect_request(PLACE).respond_with_response(Response("no", status=status))

    yield Driver(made, lambda: [gzip.decompress(sent.data).decode() for sent, _ in server.log], refuse)
    made.close()


def _memory() -> Driver:
    twin = MemoryDefects()

    def refuse(status: int) -> None:
        twin.refusal = REFUSALS[status](f"{status}")

    return Driver(twin, lambda: [str(report) for report in twin.reports], refuse)


def caught(password: str = PASSWORD) -> Exception:
    """A defect with a secret in its text, in its cause's text and in a local variable."""
    try:
        try:
            raise ValueError(f"http://user:{password}@prometheus:9090 is no key")
        except ValueError as cause:
            raise KeyError(f"http://user:{password}@prometheus:9090") from cause
    except KeyError as error:
        return error


def test_people_learn_what_failed_at_which_edge_and_about_what(driver: Driver) -> None:
    driver.reporter.report(caught(), edge="effect", about="shop/cart-r8 publish/1")
    (heard,) = driver.heard()
    assert "KeyError" in heard
    assert "effect" in heard
    assert "shop/cart-r8 publish/1" in heard


def test_no_secret_leaves_the_process(driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    driver.reporter.report(caught(), edge="poll", about="")
    driver.refuse(503)
    with pytest.raises(Unavailable) as refusal:
        driver.reporter.report(caught(), edge="poll", about="")
    read = " ".join((*driver.heard(), str(refusal.value), repr(driver.reporter), caplog.text))
    assert PASSWORD not in read
    assert KEY not in str(refusal.value) + repr(driver.reporter) + caplog.text


@pytest.mark.parametrize(("status", "error"), REFUSALS.items())
def test_a_refusal_is_an_error_that_says_whether_asking_again_helps(
    driver: Driver, status: int, error: type[PortError]
) -> None:
    driver.refuse(status)
    with pytest.raises(error):
        driver.reporter.report(caught(), edge="poll", about="")


def test_sentry_is_shown_the_lines_of_code_and_groups_by_them(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PLACE).respond_with_json({})
    reporter = SentryDefects(SentryOptions(dsn=f"http://{KEY}@{httpserver.host}:{httpserver.port}/6"))
    reporter.report(caught(), edge="poll", about="")
    reporter.close()
    event: dict[str, Any] = json.loads(gzip.decompress(httpserver.log[0][0].data).split(b"\n")[2])
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("ValueError", "KeyError")
    assert error["stacktrace"]["frames"][-1]["function"] == "caught"
    assert "fingerprint" not in event, "else Sentry would not group by the lines"
