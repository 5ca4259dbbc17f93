"""docs/page.svg is a picture and nothing more: where it is shown nothing else may be loaded."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

PICTURE = Path(__file__).parents[3] / "docs" / "page.svg"


def test_the_picture_is_whole_and_loads_nothing() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not {node.tag.rpartition("}")[2] for node in root.iter()} & {"script", "img", "link", "iframe"}
    assert not re.search(r"url\(|@import|\son\w+=|(?:src|href)=\"(?!#)", text)
