"""What an ingress is asked with, and what a redirect tells."""

from __future__ import annotations

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.core.runs import Ending
from tests.unit.test_http_runner import RUNNER, order


def test_headers_are_sent_and_the_hosts_may_be_another(httpserver: HTTPServer) -> None:
    seen: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        seen.append((request.headers["Host"], request.headers["X-Probe"]))
        return Response(status=200)

    httpserver.expect_request("/health").respond_with_handler(answer)
    asked = order(
        httpserver.url_for("/health"), headers=(("host", "gl-006.api.greenlang.io"), ("X-Probe", "1"))
    )
    assert RUNNER.run(asked).passed
    assert seen == [("gl-006.api.greenlang.io", "1")]


def test_where_a_redirect_leads_is_told_without_its_query(httpserver: HTTPServer) -> None:
    leads = Response(status=302, headers={"Location": "https://login.example.com/start?state=s3cret#x"})
    httpserver.expect_request("/health").respond_with_response(leads)
    found = RUNNER.run(order(httpserver.url_for("/health")))
    assert (found.ending, found.code) == (Ending.FINISHED, 302)
    assert found.location == "https://login.example.com/start"
    assert "s3cret" not in str(found)


def test_a_redirect_that_was_asked_for_passes(httpserver: HTTPServer) -> None:
    leads = Response(status=308, headers={"Location": "https://gl-006.api.greenlang.io/"})
    httpserver.expect_request("/").respond_with_response(leads)
    assert RUNNER.run(order(httpserver.url_for("/"), status=308)).passed
