"""A hook of mkdocs: what a page links to outside of ``docs/`` is shown by the repository."""

from __future__ import annotations

import posixpath
import re
from typing import Any

LINK = re.compile(r"\]\((?P<path>(?:\.\./)+[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page's text with links out of the folder made absolute; those within it are left to mkdocs."""
    here = posixpath.dirname(f"docs/{page.file.src_uri}")

    def absolute(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link["path"]))
        if target == "docs" or target.startswith("docs/"):
            return link[0]
        return f"]({config.repo_url}/blob/main/{target}{link['anchor'] or ''})"

    return LINK.sub(absolute, markdown)
