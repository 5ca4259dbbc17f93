"""Each link of the documentation leads to something that is there, as GitHub resolves it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


@cache
def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What GitHub makes of the headings: lower case, without punctuation, dashes for spaces."""
    return frozenset(anchor(heading) for heading in _HEADING.findall(prose(page)))


def anchor(heading: str) -> str:
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def broken(page: Path, text: str) -> list[str]:
    """The links of a page's text that lead nowhere."""
    found: list[str] = []
    for link in LINK.finditer(re.sub(r"`[^`\n]*`", "", text)):
        if "://" in link["path"]:
            continue
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        headed = link["anchor"] is None or (target.suffix == ".md" and link["anchor"] in anchors(target))
        if not target.exists() or not headed:
            found.append(link[0])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    assert broken(page, prose(page)) == []


def test_a_page_and_an_anchor_that_are_not_there_are_found() -> None:
    text = "[a](nowhere.md) [b](install.md#nowhere) [c](install.md#what-it-may-do) [d](../README.md)"
    assert broken(ROOT / "docs" / "x.md", text) == ["](nowhere.md)", "](install.md#nowhere)"]
