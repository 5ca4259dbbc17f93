"""Draws docs/page.svg: the page as it shows the demo's bad release, its own elements under its own style.

``python -m tests.unit.web.page_picture`` needs chromium. The demo draws its requests by chance, so that the
figures in the picture differ from run to run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.unit.web.browser import browser

ROOT = Path(__file__).parents[3]
WIDTH = 1000
STORY = "ol.time"
"""What is drawn ends with it."""
_CUT = """(() => {
  document.querySelectorAll("script, dialog, noscript").forEach((node) => node.remove());
  for (const rest of document.querySelectorAll(".cols h2")) {
    if (rest.textContent !== "Acts") continue;
    while (rest.nextSibling) rest.nextSibling.remove();
    rest.remove();
  }
  const columns = document.querySelector(".cols");
  while (columns.nextSibling) columns.nextSibling.remove();
})()"""
"""Leaves out what would be below."""
_BY_WIDTH = re.compile(r"@media [^{]*\b(?:width|print)\b[^{]*\{(?:[^{}]|\{[^{}]*\})*\}")
"""A picture that is shown smaller keeps its shape."""
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>{style}</style>
<foreignObject width="{width}" height="{height}">
{body}
</foreignObject>
</svg>
"""


@contextmanager
def demo() -> Iterator[str]:
    """The address of the demo's page, when its story is over."""
    command = [sys.executable, "-m", "daemon", "demo", "--port", "0", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            told = ""
            while "Verification:" not in told:
                line = process.stdout.readline()
                assert line, f"the demo ended early:\n{told}"
                told += line
            yield re.findall(r"http://\S+", told)[0]
        finally:
            process.terminate()


def newest(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}api/cases", timeout=10) as answer:
        case: dict[str, Any] = json.load(answer)[0]
    return case


def picture(url: str, profile: Path) -> str:
    """The SVG: what the browser has made of the page, without its scripts."""
    case = newest(url)
    with browser(profile) as tab:
        tab.screen(WIDTH)
        tab.open(f"{url}#/cases/{case['namespace']}/{case['name']}", f"document.querySelector('{STORY}')")
        tab.until("document.getElementById('link').textContent === 'live'")
        tab.value(_CUT)
        end = tab.value(f"document.querySelector('{STORY}').getBoundingClientRect().bottom + scrollY + 24")
        body = tab.value("new XMLSerializer().serializeToString(document.body)")
    style = _BY_WIDTH.sub("", (ROOT / "daemon/web/page.css").read_text())
    return _SVG.format(width=WIDTH, height=round(end), style=style.replace("<", "&lt;"), body=body)


def main() -> None:
    with tempfile.TemporaryDirectory() as profile, demo() as url:
        (ROOT / "docs" / "page.svg").write_text(picture(url, Path(profile)), encoding="utf-8")


if __name__ == "__main__":
    main()
