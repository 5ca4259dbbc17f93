"""The log's two forms."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from daemon import logs


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """The root logger as it was before."""
    root, own = logging.getLogger(), logging.getLogger(logs.OWN)
    handlers, level, own_level = root.handlers[:], root.level, own.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    own.setLevel(own_level)


def test_a_json_line_holds_the_event_and_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    logs.get("part").warning("100 % full", port=8080, ref={"a": 1})
    logging.getLogger("urllib3").info("not ours, not important")
    logging.getLogger("urllib3").warning("not ours, but important")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (first["event"], first["level"], first["port"]) == ("100 % full", "warning", 8080)
    assert second["logger"] == "urllib3"


def test_a_console_line_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", "console")
    logs.get().info("too low")
    try:
        raise ValueError("broken")
    except ValueError:
        logs.get().exception("it failed", workload="ns/app")
    text = capsys.readouterr().err
    assert "too low" not in text
    assert "error   it failed  workload=ns/app" in text
    assert "ValueError: broken" in text


HOSTILE = ["\x1b[2J", "a\nb", "\r", "\x9b31m", "\u202e", "\u2066", "\u2028", "\x7f", "\x00"]


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_logged_moves_the_cursor_or_begins_a_line(
    capsys: pytest.CaptureFixture[str], form: str, text: str
) -> None:
    logs.configure("info", form)
    logs.get().info(f"alert {text} fires", name=f"x{text}", labels={"a": text})
    try:
        raise ValueError(text)
    except ValueError:
        logs.get().exception("it failed", workload=text)
    shown = capsys.readouterr().err
    lines = shown.split("\n")
    assert not {*shown} & {"\x1b", "\r", "\x9b", "\u202e", "\u2066", "\u2028", "\x7f", "\x00"}
    begun = [line for line in lines if line and not line.startswith("  ")]
    assert len(begun) == 2
    if form == "json":
        first, second = [json.loads(line) for line in begun]
        assert (first["name"], second["workload"]) == (f"x{text}", text)
