"""The pause: an annotation on the Deployment that leaves every act on it to people, for good or until a time.

What cannot be read is a pause: whoever wrote it meant the daemon to keep still.
"""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.core.case.guards.guard import Guard, Occasion, Refusal, annotate
from daemon.core.policy import Policy

PAUSE = "rollbackd.io/pause"
FORMS = "write true, or until and a time with its offset, such as until 2026-01-05T18:00:00Z"
OFF = frozenset({"false", ""})


def paused_until(value: str) -> datetime | None:
    """The end that a pause has. Raises ValueError for what is neither ``true`` nor a time.

    >>> paused_until("until 2026-01-05T18:00:00+01:00").isoformat()
    '2026-01-05T17:00:00+00:00'
    >>> paused_until("true") is None
    True
    >>> paused_until("until Monday")
    Traceback (most recent call last):
    ValueError: Invalid isoformat string: 'Monday'
    """
    text = value.strip()
    if text.lower() == "true":
        return None
    end = datetime.fromisoformat(text.removeprefix("until").strip())
    if end.tzinfo is None:
        raise ValueError("the time has no offset")
    try:
        return end.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


def pause_value(end: datetime | None) -> str:
    """What is written for a pause until then, to the second; ``None``: for good.

    >>> pause_value(datetime(2026, 1, 5, 18, tzinfo=UTC))
    'until 2026-01-05T18:00:00Z'
    >>> pause_value(None)
    'true'
    """
    return "true" if end is None else f"until {end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _refuses(occasion: Occasion) -> Refusal | None:
    value, ref = occasion.pause, occasion.ref
    if value is None or value.strip().lower() in OFF:
        return None
    off = f"until somebody takes it off: {annotate(ref, PAUSE)}"
    try:
        end = paused_until(value)
    except ValueError:
        reason = (
            f"annotation {PAUSE} of Deployment {ref} is {value!r}, which does not say until when: {FORMS}"
        )
        return Refusal(guard="pause", reason=reason, remedy=off)
    if end is None:
        return Refusal(guard="pause", reason=f"Deployment {ref} is paused for the daemon", remedy=off)
    if end <= occasion.now:
        return None
    return Refusal(guard="pause", reason=f"Deployment {ref} is paused for the daemon", until=end)


def _settings(policy: Policy) -> str:
    del policy
    return f"annotation {PAUSE} on the Deployment: true, or until and a time"


GUARD = Guard(name="pause", refuses=_refuses, settings=_settings)
