"""From the API server's answers to the ports' errors."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from daemon import ports

T = TypeVar("T")

UNDECODABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What decoding raises: of JSON that is none or of another shape, of bytes that are no UTF-8 (a proxy's page
in Latin-1), of what is nested too deeply. Each is that answer's problem alone."""


class Expired(ports.Unavailable):
    """410: the resourceVersion or continue token is too old; list again."""


class StatusDetails(msgspec.Struct):
    name: str = ""
    kind: str = ""


class ApiStatus(msgspec.Struct):
    """The part of ``meta/v1 Status`` that people need."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: StatusDetails | None = None


def decode_answer(data: bytes, kind: type[T], what: str) -> T:
    """Raises Unavailable when the data is not what an API server answers."""
    try:
        return msgspec.json.decode(data, type=kind)
    except UNDECODABLE as error:
        raise ports.Unavailable(f"{what}: the answer makes no sense: {error}") from error


def failure(status: int, body: bytes, what: str) -> ports.PortError:
    """The error for an HTTP answer that is not 2xx; ``what`` names the request, e.g. ``GET /api/v1/pods``."""
    message = _message(body) or f"HTTP {status} {_excerpt(body)}".rstrip()
    text = f"{what}: {message}"
    match status:
        case 401:
            # A token may just be rotated: the client reads its credentials again before the next request.
            return ports.Unavailable(
                f"{text}: the API server does not know us; check the ServiceAccount's token or the kubeconfig"
            )
        case 403:
            return ports.Denied(text + _remedy(message))
        case 404:
            return ports.Missing(text)
        case 409:
            return ports.Conflict(text)
        case 410:
            return Expired(text)
        case 408 | 429:
            return ports.Unavailable(text)
        case _ if 400 <= status < 500:
            return ports.Rejected(text)
        case _:
            return ports.Unavailable(text)


REMEDIES = (
    (" cannot ", "grant this in the Role that is bound to the account"),
    ("admission webhook", "this is an admission webhook's decision: see the policy behind it"),
    ("ValidatingAdmissionPolicy", "this is an admission policy's decision: see that policy"),
    ("exceeded quota", "raise the namespace's ResourceQuota, or free some of it"),
    ("being terminated", "the namespace is being deleted, and takes nothing new"),
)
"""What the message of a 403 holds → the remedy. Not every 403 is a matter of RBAC."""


def _remedy(message: str) -> str:
    return next((f"; {remedy}" for mark, remedy in REMEDIES if mark in message), "")


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=ApiStatus).message
    except UNDECODABLE:
        return ""


def _excerpt(body: bytes) -> str:
    """What a proxy or an unknown API group says in plain text or HTML, on one line."""
    return " ".join(body[:200].decode(errors="replace").split())


def uninstalled(error: ports.Missing) -> bool:
    """Whether a 404 means that the resource type itself is unknown, and not an object of it."""
    return "could not find the requested resource" in str(error) or "404 page not found" in str(error)
