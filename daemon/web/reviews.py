"""The API server's word on who somebody is and what they may, kept for a short while.

Of a token only its digest is kept. What cannot be asked is not known, and lets nobody in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from daemon.core.case.steps.step import Right
from daemon.ports import Access, Clock, Denied, Person, Stranger, Unavailable
from daemon.web.kept import Kept

KNOWN, ALLOWED, REFUSED = 30.0, 60.0, 10.0
"""Seconds that an answer is kept: who somebody is, what they may, and either where it is a no. A right that
is taken is gone from the page after these; what is written, the API server checks itself."""
MOST = 4096
T = TypeVar("T")


class _Claims(msgspec.Struct):
    exp: float | None = None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def expiry(token: str) -> datetime | None:
    """When a token says that it ends; ``None`` where it says nothing of the kind. No proof of anything.

    >>> expiry("head.eyJleHAiOjE3NjcyMjU2MDB9.signature")
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    >>> expiry("opaque") is None
    True
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        end = msgspec.json.decode(claims, type=_Claims).exp
        return None if end is None else datetime.fromtimestamp(end, UTC)
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError, OSError, RecursionError):
        return None


class Reviews:
    """Implements :class:`daemon.ports.Access`, and asks another one. Raises Unavailable alone."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._who: Kept[str, Person | Stranger] = Kept(clock.monotonic, most=MOST)
        self._may: Kept[str, bool] = Kept(clock.monotonic, most=4 * MOST)

    def who(self, token: str) -> Person | Stranger:
        end, key = expiry(token), digest(token)
        found = self._who.get(key)
        if found is None:
            found = _asked(lambda: self._access.who(token))
            self._who.put(key, found, KNOWN if isinstance(found, Person) else REFUSED)
        if isinstance(found, Person) and end is not None and end <= self._clock.now():
            return Stranger(reason="the token has expired: log in again with a new one")
        return found

    def known(self, token: str) -> bool:
        """Whether nobody need be asked who this is."""
        return self._who.get(digest(token)) is not None

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        key = digest(f"{msgspec.json.encode(person, order='sorted')!r} {namespace} {right}")
        found = self._may.get(key)
        if found is None:
            found = _asked(lambda: self._access.may(person, namespace, right))
            self._may.put(key, found, ALLOWED if found else REFUSED)
        return found


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except Denied as error:
        raise Unavailable(
            f"the daemon may not ask the API server who you are ({error}): bind its account to the "
            "ClusterRole system:auth-delegator"
        ) from error
    except Unavailable as error:
        raise Unavailable(
            f"the API server cannot be asked who you are, so nobody is let in: {error}"
        ) from error
