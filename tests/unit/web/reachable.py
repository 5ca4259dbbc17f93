"""What keeps a page from anybody: letters too pale, controls without a name, columns that cannot be seen."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tests.unit.web.browser import Tab

_SCRIPT = Path(__file__).with_name("barriers.js").read_text(encoding="utf-8")


def barriers(tab: Tab) -> list[str]:
    """Each with the element that has it; empty where there are none."""
    return cast("list[str]", tab.value(_SCRIPT))
