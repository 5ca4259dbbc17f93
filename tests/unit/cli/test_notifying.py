"""``notify``: a marked test that leaves nothing open, and what would be sent, with nothing sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from daemon.presentation.trial import TITLE
from tests.contract.chat_services import SlackService
from tests.contract.service import Service
from tests.contract.tracker_services import GitHubService
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples

CONFIG = """
workloads:
  - {namespace: greenlang, name: gl-006-heatreclaim, signals: [], notify: [log, SINK]}
incidents:
  sinks: [log, slack, github]
  slack: {token_file: SECRET, channels: [C024BE91L], url: ADDRESS/api}
  github: {token_file: SECRET, repositories: [shop/ops], url: ADDRESS}
"""


@pytest.fixture(params=["slack", "github"])
def service(
    request: pytest.FixtureRequest, httpserver: HTTPServer, tmp_path: Path, parts: FakeParts
) -> Service:
    kinds = {"slack": SlackService, "github": GitHubService}
    made: Service = kinds[request.param](httpserver, tmp_path)
    text = CONFIG.replace("SECRET", str(made.secret)).replace("ADDRESS", made.address)
    parts.config.write_text(text.replace("SINK", request.param))
    return made


def test_a_marked_test_arrives_and_nothing_stays_open(rollbackd: Rollbackd, service: Service) -> None:
    result = rollbackd("notify", "test")
    assert result.exit_code == 0
    (place,) = service.places
    assert "TEST of rollbackd" in "".join(service.shown)
    assert place.closed or isinstance(service, SlackService)
    assert service.key not in result.output


def test_what_was_refused_is_said_and_is_no_success(rollbackd: Rollbackd, service: Service) -> None:
    service.refuse(403)
    result = rollbackd("notify", "test", "-o", "json")
    assert result.exit_code == 1
    (said,) = answer(result)
    assert said["ok"] is False
    assert "403" in said["answer"]
    assert service.key not in result.output


def test_what_would_be_sent_is_shown_and_nothing_is_sent(
    rollbackd: Rollbackd, parts: FakeParts, service: Service
) -> None:
    case = samples.rolled_back()
    parts.add(case)
    bodies = answer(rollbackd("notify", "render", case.name, "-o", "json"))
    assert len(bodies) == 2
    assert "Restored Version" in str(bodies[1]["body"])
    assert TITLE not in str(bodies)
    assert service.seen == []


def test_a_sink_that_nobody_is_notified_by_is_named_with_those_in_use(
    rollbackd: Rollbackd, service: Service
) -> None:
    result = rollbackd("notify", "test", "--sink", "pager")
    assert result.exit_code == 2
    assert "nobody is notified by 'pager'; the sinks in use are log" in result.stderr


def test_an_operators_words_are_shown_and_are_no_markup_for_the_service(
    rollbackd: Rollbackd, parts: FakeParts, service: Service
) -> None:
    words = "  templates: [{title: 'help @here <!channel>', body: '$workload: `x`'}]\n"
    parts.config.write_text(parts.config.read_text() + words)
    case = samples.rolled_back()
    parts.add(case)
    body = answer(rollbackd("notify", "render", case.name, "-o", "json"))[-1]["body"]
    assert f"{case.spec.workload}: `x`" in str(body)
    assert "Restored Version" not in str(body)
    if isinstance(service, SlackService):
        assert body["blocks"][0]["text"]["type"] == "plain_text"
        assert "<!channel>" not in body["text"]
    else:
        assert "@here" not in body["title"]
