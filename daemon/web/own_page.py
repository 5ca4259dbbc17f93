"""That what changes something was asked for by our own page, and not by a foreign one in the same browser."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from daemon.web.door import bearer

MARK = "x-rollbackd"
"""A header that a foreign page cannot send without asking first (CORS), which nobody here answers."""


def require_own_page(request: Request, hosts: Collection[str]) -> None:
    """Raises HTTPException 403. A token in a header needs no mark: no browser adds that by itself."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in {"same-origin", "none"} or (origin is not None and not _ours(origin, request, hosts)):
        raise HTTPException(
            403,
            f"this was asked for by another page ({(origin or site)[:100]}): use the daemon's own, and add "
            "the name that people reach it under to web.hosts",
        )
    if MARK not in request.headers and bearer(request.headers) is None:
        raise HTTPException(
            403, "the header X-Rollbackd is missing: the page sends it, and programs send a Bearer"
        )


def _ours(origin: str, request: Request, hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(origin)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    known = {host.lower() for host in hosts}
    return parts.netloc.lower() == request.headers.get("host", "").lower() or name in known
