"""Links in messages by which a person approves or holds a case on the page, with one confirmation.

A link is no right: the page's login says who asks, and the API server whether they may. What the signature
says is that the daemon made it, for this case as it stood in the message, so that nobody is led to confirm
something else than they read. Whatever is decided, or changes what there is to decide, ends it, and so does
its time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from daemon.core.case.case import APPROVABLE, Case, Phase
from daemon.core.case.incident import Incident
from daemon.core.value import Value

GOOD_FOR = 86_400
"""Seconds; an incident of yesterday is looked at, and not confirmed by a link."""
Action = Literal["approve", "hold"]


class LinkProof(Value, frozen=True):
    """What a link bears: until when it is good (Unix seconds), and the signature in hexadecimal digits."""

    until: int
    signature: str


class ActionLink(Value, frozen=True):
    words: str
    address: str


@dataclass(frozen=True, kw_only=True)
class ActionLinks:
    """``key`` reads the key anew, so that it may be rotated, which ends every link. It raises OSError."""

    page_url: str
    key: Callable[[], bytes]

    def of(self, case: Case, at: datetime) -> tuple[ActionLink, ...]:
        """Those for a message of this moment; none where no person is waited for, or the key is gone."""
        try:
            key = self.key()
        except OSError:
            # The message matters more than its links, and the page says the same.
            return ()
        until = int(at.timestamp()) + GOOD_FOR
        return tuple(
            ActionLink(words=words, address=self._address(case, action, until, key))
            for action, words in _offered(case)
        )

    def objection(self, case: Case, action: Action, proof: LinkProof, now: datetime) -> str:
        """Why a link does not lead to the action in the case as it is now; empty where it does."""
        try:
            wanted = _signature(self.key(), case, action, proof.until)
        except OSError as error:
            return f"the key of links (web.link_key_file) cannot be read: {error.strerror}"
        if now.timestamp() >= proof.until:
            return "the link is too old: decide by what the page says"
        if not hmac.compare_digest(wanted.encode(), proof.signature.encode()):
            return (
                "the link is not for the case as it is now: it was used, something was decided since, or it "
                "is not the daemon's; decide by what the page says"
            )
        return ""

    def _address(self, case: Case, action: Action, until: int, key: bytes) -> str:
        place = f"{quote(case.namespace, safe='')}/{quote(case.name, safe='')}"
        proof = f"do={action}&until={until}&sig={_signature(key, case, action, until)}"
        # Behind the #, which no browser sends: what looks at links in messages asks for the page alone.
        return f"{self.page_url}/#/cases/{place}?{proof}"


def links_for(incident: Incident, links: ActionLinks | None) -> tuple[ActionLink, ...]:
    """Those of an incident's message; none where none are made."""
    return links.of(incident.case, incident.at) if links is not None else ()


def _offered(case: Case) -> tuple[tuple[Action, str], ...]:
    if case.phase not in APPROVABLE or case.status.target is None:
        return ()
    restoring = "restoring" if case.spec.in_place else "rollback"
    approve: tuple[Action, str] = ("approve", f"Approve the {restoring}")
    if case.phase is Phase.AWAITING_APPROVAL or case.announced:
        return approve, ("hold", "Hold")
    return (approve,)


def _signature(key: bytes, case: Case, action: Action, until: int) -> str:
    """Over everything that the person decides on, and over what was decided last: each decision ends it."""
    target, order, announced = case.status.target, case.spec.instruction, case.status.announced_until
    signed = (
        *("rollbackd link", action, str(until), case.uid, case.namespace, case.name, case.phase.value),
        f"{target.replica_set_uid}/{target.number}" if target is not None else "",
        f"{order.action} {order.by} {order.at.isoformat()}" if order is not None else "",
        announced.isoformat() if announced is not None else "",
    )
    framed = "".join(f"{len(part.encode())}:{part}" for part in signed)
    return hmac.new(key, framed.encode(), hashlib.sha256).hexdigest()
