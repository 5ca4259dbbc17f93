"""Who is let in: the holder of a token that the API server knows, whom a trusted proxy names, or anybody."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

from daemon.ports import Identity, Person, Stranger
from daemon.web.rate import RateLimit
from daemon.web.reviews import Reviews
from daemon.web.sessions import Sessions, has_cookie
from daemon.web.visitor import Visitor

WRONG_AT_ONCE, WRONG_PER_SECOND = 20.0, 1.0
"""Unknown tokens of one address that are asked about: each is a question to the API server."""
LONGEST_TOKEN = 16_384
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="rollbackd"'}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Door(Protocol):
    @property
    def kind(self) -> str:
        """``token``, ``proxy`` or ``none``, for the page."""
        ...

    def enter(self, request: Request) -> Visitor:
        """Blocks for a few seconds at most. Raises HTTPException (who is not let in), Unavailable (who cannot
        be asked about)."""
        ...


class NoDoor:
    """Everybody may look, and nobody may do anything: it is not known who they are."""

    kind = "none"

    def enter(self, request: Request) -> Visitor:
        del request
        return Visitor(identity=None, allowed=lambda *_: False)


class TokenDoor:
    """A token of the cluster's, borne by the request or kept for its session."""

    kind = "token"

    def __init__(self, reviews: Reviews, sessions: Sessions, wrong: RateLimit) -> None:
        self.sessions = sessions
        self._reviews = reviews
        self._wrong = wrong

    def enter(self, request: Request) -> Visitor:
        token = bearer(request.headers)
        if token is None:
            token = self.sessions.token(request)
        if token is None:
            said = "this session has ended: log in again" if has_cookie(request) else "log in"
            raise HTTPException(
                401,
                f"{said}, with a token of the cluster (kubectl create token NAME -n NAMESPACE)",
                _CHALLENGE,
            )
        return self.known(request, token)

    def known(self, request: Request, token: str) -> Visitor:
        """Whose token it is. Raises as :meth:`enter`."""
        sender = peer(request)
        if len(token) > LONGEST_TOKEN:
            raise HTTPException(401, f"a token has at most {LONGEST_TOKEN} characters", _CHALLENGE)
        if not self._reviews.known(token) and not self._wrong.allows(sender):
            raise HTTPException(429, f"too many unknown tokens came from {sender}: wait a minute", _WAIT)
        found = self._reviews.who(token)
        if isinstance(found, Stranger):
            self._wrong.take(sender)
            raise HTTPException(401, found.reason, _CHALLENGE)
        return Visitor(identity=Identity(found, token), allowed=self._reviews.may)


_WAIT = {"Retry-After": "60"}


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """Which proxies are believed, and in which headers."""

    user_header: str
    groups_header: str
    trusted: Sequence[Network]


class ProxyDoor:
    """Whom a trusted proxy names. The headers of anybody else are theirs to invent, and refused."""

    kind = "proxy"

    def __init__(self, reviews: Reviews, proxy: Proxy) -> None:
        self._reviews = reviews
        self._proxy = proxy

    def enter(self, request: Request) -> Visitor:
        sender = peer(request)
        if not self._trusts(sender):
            raise HTTPException(
                403,
                f"requests from {sender} are not the login proxy's: come through the proxy, "
                "or add its address to web.login.proxy.trusted",
            )
        names = request.headers.getlist(self._proxy.user_header)
        if len(names) != 1 or not names[0].strip():
            what = "no" if not names or not names[0].strip() else "more than one"
            raise HTTPException(
                401, f"the proxy sent {what} {self._proxy.user_header}: it must name who asks"
            )
        lists = request.headers.getlist(self._proxy.groups_header)
        groups = [group.strip() for text in lists for group in text.split(",") if group.strip()]
        person = _named(names[0].strip(), groups)
        return Visitor(identity=Identity(person), allowed=self._reviews.may)

    def _trusts(self, sender: str) -> bool:
        try:
            address = ipaddress.ip_address(sender)
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self._proxy.trusted)


def _named(name: str, groups: Sequence[str]) -> Person:
    """Raises HTTPException for names that the cluster keeps for itself: no directory may hand these out."""
    reserved = next((one for one in (name, *groups) if one.startswith("system:")), None)
    if reserved is not None:
        raise HTTPException(
            403,
            f"the proxy names {reserved[:100]!r}, and names that begin with system: are the cluster's own",
        )
    return Person(name=name, groups=(*groups, "system:authenticated"))


def bearer(headers: Headers) -> str | None:
    """The token of the Authorization header, ``None`` where there is none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" and given.strip() else None


def peer(request: Request) -> str:
    """The address at the other end of the connection, whatever a header says."""
    return request.client.host if request.client is not None else "(unknown)"
