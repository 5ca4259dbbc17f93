"""What people read in a chat where they are waited for: links to decide by, with those to the case."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.incidents.apprise import AppriseSink
from daemon.adapters.incidents.slack import SlackSink, SlackWebhookSink
from daemon.adapters.incidents.teams import TeamsSink
from daemon.core.case.incident import render
from daemon.presentation.action_links import ActionLinks
from tests.unit.web import samples

PAGE = "https://rollbackd.example"
FILE = Path("/nowhere")
MADE: dict[str, Callable[[ActionLinks | None], Any]] = {
    "slack": lambda links: SlackSink(FILE, ["C1"], page_url=PAGE, links=links),
    "slack webhook": lambda links: SlackWebhookSink(FILE, page_url=PAGE, links=links),
    "teams": lambda links: TeamsSink({"ops": FILE}, page_url=PAGE, links=links),
    "apprise": lambda links: AppriseSink({"mail": FILE}, page_url=PAGE, links=links),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_they_are_there_where_a_person_is_waited_for_and_not_otherwise(
    made: Callable[[ActionLinks | None], Any],
) -> None:
    links = ActionLinks(page_url=PAGE, key=lambda: b"0123456789abcdef")
    waits = render(samples.awaiting(), samples.POLICY, "updated", samples.at(900))
    over = render(samples.rolled_back(), samples.POLICY, "closed", samples.at(900))
    shown = json.dumps(made(links).preview(waits))
    for link in links.of(waits.case, waits.at):
        assert link.words in shown
        assert link.address.replace("&", "&amp;") in shown or link.address in shown
    assert "sig=" not in json.dumps(made(links).preview(over))
    assert "sig=" not in json.dumps(made(None).preview(waits))
