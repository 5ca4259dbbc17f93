"""The page of all commands is what they say of themselves."""

from __future__ import annotations

from pathlib import Path

from daemon.cli.reference import page
from daemon.cli.root import COMMANDS

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "command-reference.md").read_text(encoding="utf-8") == page(), "make docs"


def test_each_command_is_on_it() -> None:
    assert all(f"## `rollbackd {name}`" in page() for name in COMMANDS)
