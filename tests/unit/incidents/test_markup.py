"""Texts of the cluster are anybody's: no service reads them as markup, and nobody is called by them."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.adapters.incidents import markup
from daemon.adapters.incidents.issues import MARKDOWN
from daemon.adapters.incidents.jira import WIKI
from daemon.adapters.incidents.slack import shown
from daemon.adapters.incidents.teams import message_of

from .conftest import incident

NASTY = (
    "<!channel>",
    "<@U024BE7LH>",
    "@everyone",
    "<script>alert(1)</script>",
    "```",
    "````\n/close",
    "{noformat}",
    "{NoFormat}{color:red}",
    "](https://evil.example)",
    "<at>ops</at>",
    "**bold**",
    "<!-- rollbackd: to here -->",
    "\u202egnp.exe\u2066",
    "\x1b[31m",
    "\r\n# head",
)
texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=20), max_size=8).map("".join)
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f\x7f-\x9f]")


def told(text: str) -> Any:
    return replace(incident(), title=f"{text} ROLLBACK", reason=text, message=f"{text}\n{text}")


def literals(node: Any, kinds: frozenset[str]) -> list[str]:
    """Every text in a payload, with the type of what holds it among ``kinds`` left out."""
    if isinstance(node, list):
        return [found for each in node for found in literals(each, kinds)]
    if not isinstance(node, dict):
        return []
    if node.get("type") in kinds:
        return []
    own = [node["text"]] if isinstance(node.get("text"), str) else []
    return own + [found for each in node.values() for found in literals(each, kinds)]


@given(texts)
@example("".join(NASTY))
def test_slack_shows_blocks_literally_and_its_fallback_has_no_markup(text: str) -> None:
    body = shown(told(text), "https://rollbackd.example")
    page = next(s for s in literals(body, frozenset({"plain_text"})) if s.startswith("<https://rollbackd"))
    others = [s for s in literals(body, frozenset({"plain_text"})) if s != page]
    assert not [s for s in others if "<" in s or ">" in s]
    assert not DIRECTIONS.search(json.dumps(body, ensure_ascii=False).replace("\\n", "\n"))


@given(texts)
@example("".join(NASTY))
def test_a_card_has_text_runs_alone_which_teams_shows_literally(text: str) -> None:
    body = message_of(told(text), "")
    assert not literals(body, frozenset({"TextRun"}))
    assert not DIRECTIONS.search(json.dumps(body, ensure_ascii=False))


@given(texts)
@example("".join(NASTY))
def test_nothing_ends_a_block_of_code_but_its_own_fence(text: str) -> None:
    first, *lines, last = MARKDOWN.literal(text, 10_000).split("\n")
    assert first == f"{last}text"
    assert set(last) == {"`"}
    # CommonMark: a fence is closed by one that is at least as long.
    assert not [line for line in lines if line.strip().startswith(last)]


@given(texts)
@example("".join(NASTY))
def test_nothing_ends_jiras_block_but_its_end(text: str) -> None:
    block = WIKI.literal(text, 10_000)
    assert len(re.findall(r"\{noformat\}", block, re.IGNORECASE)) == 2


@given(texts)
@example("".join(NASTY))
def test_a_title_is_one_line_in_which_nobody_is_called(text: str) -> None:
    title = markup.title_of(text, 250)
    assert "\n" not in title
    assert len(title) <= 250
    assert not re.search(r"[@<#!`\[*]\w", title)


@given(texts)
@example("".join(NASTY))
def test_where_html_is_shown_there_is_none(text: str) -> None:
    assert not re.search(r"[<>]", markup.without_tags(text, 10_000))
