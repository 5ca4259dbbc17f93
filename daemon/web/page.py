"""The page: one answer without anything from elsewhere, and the headers that hold it to that."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Page(msgspec.Struct, frozen=True):
    content: bytes
    etag: str
    headers: Mapping[str, str]

    @classmethod
    def load(cls) -> Page:
        content = _whole(Path(__file__).with_name("page.html")).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {
            "ETag": etag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _policy(content.decode()),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return cls(content=content, etag=etag, headers=headers)


def _whole(page: Path) -> str:
    """The page with the scripts that it names written into it: one answer, that nothing has to follow."""
    return re.sub(
        r'<script src="([a-z]+\.js)"></script>',
        lambda found: f"<script>\n{page.with_name(found[1]).read_text()}</script>",
        page.read_text(),
    )


def _policy(html: str) -> str:
    """Only the page's own script and style run, by their hashes; it talks to this server alone."""
    scripts = " ".join(map(_source, re.findall(r"<script>(.*?)</script>", html, re.DOTALL)))
    styles = " ".join(map(_source, re.findall(r"<style>(.*?)</style>", html, re.DOTALL)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
