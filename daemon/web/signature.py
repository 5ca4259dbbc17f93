"""Deliveries that their sender signs: proof of who sent them that never travels itself, unlike a token.

``X-Rollbackd-Signature: t=SECONDS,v1=HEX``, where HEX is the HMAC-SHA256 of ``SECONDS.BODY`` by the shared
key and SECONDS the Unix time. A signature counts within the window around that time, and once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime

from daemon.ports import Clock
from daemon.web.kept import Kept

HEADER = "x-rollbackd-signature"
WINDOW = 300.0
"""Seconds that a sender's clock may differ, and that a delivery may be under way."""
MOST = 16_384
"""Signatures that are remembered so that none counts twice."""
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class Signatures:
    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key.encode()
        self._clock = clock
        self._seen: Kept[str, bool] = Kept(clock.monotonic, most=MOST)

    def problem(self, header: str, body: bytes) -> str:
        """Why a delivery is not taken as signed; empty where it is, and its signature is used up."""
        found = _FORM.fullmatch(header.strip())
        if found is None:
            return "the signature is not of the form t=SECONDS,v1=HEX"
        at, given = found.groups()
        made = hmac.new(self._key, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given, made):
            return "the signature is not that of this body by the shared key (web.webhook_key_file)"
        off = abs((self._clock.now() - datetime.fromtimestamp(int(at), UTC)).total_seconds())
        if off > WINDOW:
            return f"the signature is {off:.0f} s off, and {WINDOW:.0f} are allowed: set the sender's clock"
        if not self._seen.put_new(given, True, 2 * WINDOW):
            return "this delivery was taken already: sign each anew"
        return ""

    def forget(self, header: str) -> None:
        """It counts once more: what it was for could not be stored."""
        found = _FORM.fullmatch(header.strip())
        if found is not None:
            self._seen.drop(found.group(2))
