"""The page: its files, nothing from elsewhere, and the headers that hold it to that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

FILES: Mapping[str, str] = {
    "page.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    **dict.fromkeys(
        ("dom.js", "picture.js", "people.js", "fleet.js", "case.js", "live.js", "page.js"),
        "text/javascript; charset=utf-8",
    ),
}
"""Name → type. The first is the page itself."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Scripts and styles are this server's files and never part of a text; it talks to this server alone."""


class PageFile(msgspec.Struct, frozen=True):
    content: bytes
    media_type: str
    etag: str
    headers: Mapping[str, str]

    @classmethod
    def load(cls, name: str) -> PageFile:
        content = Path(__file__).with_name(name).read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {
            "ETag": etag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return cls(content=content, media_type=FILES[name], etag=etag, headers=headers)
