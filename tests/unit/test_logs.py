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
