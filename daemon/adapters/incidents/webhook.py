"""Incidents as signed requests to any HTTP server.

Signed as the Standard Webhooks specification 1.0 has it (https://www.standardwebhooks.com), for which there
are libraries in most languages: the headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``,
the last one an HMAC-SHA256 over ``id.timestamp.body``. The body's schema is docs/webhook.schema.json.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import sys
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.core.case.incident import Incident, Stage
from daemon.core.policy import Level
from daemon.core.value import Value
from daemon.ports import Unavailable

_MESSAGES = uuid.UUID("0e2f8a3c-93a5-4a35-8a5c-6b3c2b0b6d54")
"""Our namespace of message ids; changing it would make old incidents' repeats new messages."""
PREFIX = "whsec_"
"""Before a secret that is in base64, as the specification writes it; others are taken as they are."""


class Version(Value, frozen=True):
    """A revision of the Deployment, by its number, its pod-template hash and its first container's image."""

    revision: int
    hash: str
    image: str


class Payload(Value, frozen=True):
    """What one request says. New fields may come; what is there keeps its meaning within ``version``."""

    incident: str
    """The same for all stages of an incident."""
    stage: Stage
    level: Level
    title: str
    reason: str
    message: str
    """For people, in lines."""
    at: datetime
    namespace: str
    deployment: str
    case: str
    phase: str
    verdict: str
    judged: Version
    target: Version | None
    """What was or would be returned to."""
    timeline: tuple[str, ...]
    page: str = ""
    """Where the case is shown; empty where nobody said where the page is."""
    version: Literal["1"] = "1"


class WebhookSink:
    """One request for each stage. A repeat has the same ``webhook-id``, by which receivers know it."""

    name = "webhook"

    def __init__(
        self, url: str, secret_file: Path, *, now: Callable[[], datetime], page_url: str = ""
    ) -> None:
        self._url = url
        self._secret_file = secret_file
        self._now = now
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns when the receiver has answered with 2xx. Raises Unavailable, Denied, Rejected."""
        secret = secret_in(self._secret_file)
        body = msgspec.json.encode(payload(incident, self._page_url))
        message, moment = message_id(incident), str(int(self._now().timestamp()))
        outlet = Outlet(
            service="the incident webhook",
            url=self._url,
            remedy="check incidents.webhook.url and the secret that the receiver verifies with",
            secrets=(secret, secret.removeprefix(PREFIX)),
        )
        outlet.post(
            body,
            {
                "webhook-id": message,
                "webhook-timestamp": moment,
                "webhook-signature": signature(secret, message, moment, body),
            },
        )
        return f"webhook {message}"

    def preview(self, incident: Incident) -> dict[str, object]:
        return dict(msgspec.to_builtins(payload(incident, self._page_url)))


def payload(incident: Incident, page_url: str) -> Payload:
    case = incident.case
    judged, target = case.spec.revision, case.status.target
    return Payload(
        incident=incident.key,
        stage=incident.stage,
        level=incident.level,
        title=incident.title,
        reason=incident.reason,
        message=incident.message,
        at=incident.at,
        namespace=case.namespace,
        deployment=case.spec.workload,
        case=case.name,
        phase=case.phase.value,
        verdict=case.status.verdict.value,
        judged=Version(revision=judged.number, hash=judged.hash, image=judged.image),
        target=Version(revision=target.number, hash=target.hash, image=target.image) if target else None,
        timeline=incident.timeline,
        page=page_of(incident, page_url),
    )


def page_of(incident: Incident, page_url: str) -> str:
    return f"{page_url}/#/cases/{incident.case.namespace}/{incident.case.name}" if page_url else ""


def message_id(incident: Incident) -> str:
    return f"msg_{uuid.uuid5(_MESSAGES, f'{incident.key}/{incident.stage}/{incident.at.isoformat()}').hex}"


def signature(secret: str, message: str, moment: str, body: bytes) -> str:
    """The header ``webhook-signature``. Raises Unavailable where the secret is not what its prefix says."""
    signed = f"{message}.{moment}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode('ascii')}"


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise Unavailable(
            f"the webhook's secret begins with {PREFIX} and is not base64 after it: write it anew "
            f"(echo {PREFIX}$(openssl rand -base64 32))"
        ) from error


def schema() -> bytes:
    """The JSON Schema of :class:`Payload`."""
    made = msgspec.json.schema(Payload)
    return msgspec.json.format(msgspec.json.encode(made), indent=2)


if __name__ == "__main__":
    sys.stdout.write(schema().decode() + "\n")
