"""Calendar files as people export them."""

from __future__ import annotations


def ics(*events: str, more: str = "") -> str:
    """A calendar of these events, each given by its lines; ``more`` stands before them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//calendar//EN", *more.split("\n")]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}@example.com"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20260101T000000Z", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*filter(None, lines), "END:VCALENDAR", ""])
