"""Sessions of the page: a random name in the browser's cookie, and the token here, in memory alone.

The token itself is no cookie: browsers send cookies to every port of a host, so that any other program behind
a forwarded port would be handed it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from daemon.ports import Clock
from daemon.web.kept import Kept
from daemon.web.reviews import digest, expiry

COOKIE = "rollbackd"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Browsers take this one over TLS alone, and from no other host."""
MOST = 1024
"""Sessions at once; the oldest gives way."""


class Sessions:
    """Ends with the process. ``longest`` in seconds."""

    def __init__(self, clock: Clock, *, longest: float) -> None:
        self._clock = clock
        self._longest = longest
        self._tokens: Kept[str, str] = Kept(clock.monotonic, most=MOST)

    def open(self, request: Request, response: Response, token: str) -> None:
        """Begin a session, which is never longer than the token lives."""
        end = expiry(token)
        left = self._longest if end is None else (end - self._clock.now()) / timedelta(seconds=1)
        seconds = max(1.0, min(self._longest, left))
        if before := _cookie(request):
            self._tokens.drop(digest(before))
        name = secrets.token_urlsafe(32)
        self._tokens.put(digest(name), token, seconds)
        secure = _over_tls(request)
        response.set_cookie(
            SECURE_COOKIE if secure else COOKIE,
            name,
            max_age=int(seconds),
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )

    def token(self, request: Request) -> str | None:
        """The token of the request's session, if it has one that has not ended."""
        name = _cookie(request)
        return self._tokens.get(digest(name)) if name else None

    def close(self, request: Request, response: Response) -> None:
        name = _cookie(request)
        if name:
            self._tokens.drop(digest(name))
        for cookie, secure in ((SECURE_COOKIE, True), (COOKIE, False)):
            if cookie in request.cookies:
                response.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="strict")


def has_cookie(request: Request) -> bool:
    return bool(_cookie(request))


def _cookie(request: Request) -> str:
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE) or ""


def _over_tls(request: Request) -> bool:
    """The server speaks no TLS itself. Whoever claims it wrongly makes only their own cookie stricter."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "").startswith("https")
