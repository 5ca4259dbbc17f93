"""What is refused before anything looks at a request."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from daemon.web.answers import answer

CLOSE = {"Connection": "close"}
_MACHINES = ("/healthz", "/readyz", "/metrics", "/webhooks/")
"""Asked by machines under whatever name the cluster gives; no browser shows what they answer to anybody."""
_INSIDE = (".svc", ".local", ".localhost")


class Guard:
    """Refuses requests whose length is ambiguous, and the page under a foreign name.

    With both Content-Length and Transfer-Encoding a proxy in front may see other requests in the same bytes
    than we do (request smuggling). And a page of somebody else's, whose name is made to lead here, would be
    allowed by the browser to read our answers (DNS rebinding); the name that it asks under gives it away.
    Without ``hosts`` nobody has said how people reach the page, and every name is taken.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        status, text = problem
        response = answer({"error": text}, status=status)
        response.headers.update(CLOSE)
        await response(scope, receive, send)

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if "content-length" in headers and "transfer-encoding" in headers:
            return 400, "the request has Content-Length and Transfer-Encoding: send one of the two"
        host = _name(headers.get("host", ""))
        if not self._hosts or scope["path"].startswith(_MACHINES) or self._ours(host):
            return None
        return 421, (
            f"this page is not served under the name {host[:100]!r}: "
            "add it to web.hosts, or set web.page_url to where people reach the page"
        )

    def _ours(self, host: str) -> bool:
        """Names that nobody outside can lead here: addresses, the cluster's own, and the operator's."""
        if host in self._hosts or "." not in host or host.endswith(_INSIDE):
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def _name(host: str) -> str:
    """Without the port; an IPv6 address without its brackets has no dot, and is taken."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return host.lower()
