"""Alertmanager's webhook payload, version 4: from bytes to alerts, or to what is wrong with them.

The format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from daemon.core.model import Alert

VERSION = "4"

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_YEAR_ZERO = datetime(1, 1, 2, tzinfo=UTC)
"""Go's zero time is 0001-01-01: Alertmanager's way to say "not ended"."""


class BadPayloadError(ValueError):
    """The body can never be accepted; the message names the place and what was expected."""


class _Head(msgspec.Struct):
    version: str


class _Alert(msgspec.Struct, rename="camel"):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: _Time
    annotations: dict[str, str] = {}
    ends_at: _Time | None = None
    fingerprint: str = ""


class _Payload(msgspec.Struct, rename="camel"):
    alerts: list[_Alert]
    truncated_alerts: int = 0


class Delivery(msgspec.Struct, frozen=True):
    """One accepted POST. ``truncated`` alerts were left out by Alertmanager (its ``max_alerts``)."""

    alerts: tuple[Alert, ...]
    truncated: int = 0


_HEAD = msgspec.json.Decoder(_Head)
_PAYLOAD = msgspec.json.Decoder(_Payload)


def decode(body: bytes) -> Delivery:
    """The delivery in a body. Raises BadPayloadError.

    The version is looked at first, alone: a payload of another version is refused as that, and not
    for want of a field of this one.
    """
    try:
        version = _HEAD.decode(body).version
        if version != VERSION:
            raise BadPayloadError(
                f'payload version "{version[:20]}" is not supported: send version "{VERSION}" '
                "(Alertmanager 0.16 or newer)"
            )
        payload = _PAYLOAD.decode(body)
        return Delivery(
            alerts=tuple(_alert(alert) for alert in payload.alerts), truncated=payload.truncated_alerts
        )
    except msgspec.ValidationError as error:
        raise BadPayloadError(f"not an Alertmanager payload of version {VERSION}: {error}") from error
    except msgspec.DecodeError as error:
        raise BadPayloadError(f"the body is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise BadPayloadError(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise BadPayloadError("the body is nested too deeply") from error
    except OverflowError as error:
        raise BadPayloadError("a time is outside the years 1 to 9999 in UTC") from error


def _alert(alert: _Alert) -> Alert:
    summary = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    return Alert(
        fingerprint=alert.fingerprint or fingerprint(alert.labels),
        name=alert.labels.get("alertname", ""),
        starts_at=alert.starts_at.astimezone(UTC),
        status=alert.status,
        ends_at=_ended(alert.ends_at),
        severity=alert.labels.get("severity", ""),
        summary=summary,
        labels=alert.labels,
    )


def _ended(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at is not None and at >= _YEAR_ZERO else None


def fingerprint(labels: Mapping[str, str]) -> str:
    """An identity from the labels alone, for senders older than Alertmanager 0.19, which give none."""
    text = msgspec.json.encode(sorted(labels.items()))
    return hashlib.sha256(text).hexdigest()[:16]
