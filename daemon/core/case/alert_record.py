"""The alerts that a case keeps: whatever decides or may decide, and of the rest what fits.

A case is one object of the API server, and must stay far below what etcd takes. So the record has a limit
in bytes, and what gives way first is what never changes the outcome:

* *Decisive* alerts (policy names them) are kept with their labels. Without room the oldest resolved
  episodes go, then labels and summaries of the newest that fire. Should even that not do, the names of those
  without room are kept for good: their end could not be seen, so they never count as resolved.
* Of the *others*, which decide nothing, ``KEPT_OTHERS`` are kept, without labels. The oldest resolved ones
  go first; where all of them fire, further ones are counted and not kept.

The end of an episode is final: "firing" that arrives later is an echo, from a second Alertmanager or a
repeated delivery. A report of what is known already changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from daemon.core.model import Alert, Episode
from daemon.core.value import Value

KEPT_OTHERS = 100
DECISIVE_BYTES, OTHER_BYTES = 80 * 1024, 32 * 1024
"""Of the encoded alerts: with the names of those without room some 120 KiB at the very most."""
NAME_BYTES, SUMMARY_BYTES, SHORT_BYTES, LABELS_BYTES = 200, 400, 100, 1500
LONGEST_FINGERPRINT = 64
LINES = 10
"""Lines of the timeline for one delivery; the rest is summed up in one more."""


class Record(Value, frozen=True):
    """The alerts of a case, in the order of their arrival."""

    alerts: tuple[Alert, ...] = ()
    left_out: int = 0
    """Reports that other alerts fire which found no room."""
    lost: tuple[str, ...] = ()
    """Names of decisive alerts of which an episode fired and found no room."""


def recorded(
    record: Record, delivery: Iterable[Alert], names: Sequence[str]
) -> tuple[Record, tuple[str, ...]]:
    """The record after a delivery, and a line for each change that it keeps.

    ``names`` are those of the decisive alerts.
    """
    known = {alert.identity: alert for alert in record.alerts}
    changed: dict[Episode, Alert] = {}
    for report in delivery:
        alert = _trimmed(report, whole=report.name in names)
        before = known.get(alert.identity)
        if before is None or (before.status, alert.status) == ("firing", "resolved"):
            known[alert.identity] = changed[alert.identity] = alert
    if not changed:
        return record, ()
    decisive, lost = _decisive([alert for alert in known.values() if alert.name in names])
    others, left_out = _others([alert for alert in known.values() if alert.name not in names])
    kept = {alert.identity: alert for alert in (*decisive, *others)}
    after = Record(
        alerts=tuple(kept[identity] for identity in known if identity in kept),
        left_out=record.left_out + left_out,
        lost=tuple(sorted({*record.lost, *lost})),
    )
    return after, _lines([alert for identity, alert in changed.items() if identity in kept], names)


def _decisive(alerts: Sequence[Alert]) -> tuple[list[Alert], set[str]]:
    """Those that fire, then the newest resolved ones; with the names of what fires and has no room."""
    firing = [alert for alert in alerts if alert.status == "firing"]
    room, bare, lost = DECISIVE_BYTES, [], set()
    for alert in firing:
        small = _bare(alert)
        if (size := _size(small)) <= room:
            room -= size
            bare.append((alert, small, size))
        else:
            lost.add(alert.name)
    kept = []
    for alert, small, size in bare:
        more = _size(alert) - size
        kept.append(alert if more <= room else small)
        room -= more if more <= room else 0
    for alert in reversed([alert for alert in alerts if alert.status == "resolved"]):
        room -= _size(alert)
        if room < 0:
            break
        kept.append(alert)
    return kept, lost


def _others(alerts: Sequence[Alert]) -> tuple[list[Alert], int]:
    """Those that fire, the first to come first, then the newest resolved ones; and how many found no room."""
    firing = [alert for alert in alerts if alert.status == "firing"]
    resolved = [alert for alert in alerts if alert.status == "resolved"]
    room, left_out = OTHER_BYTES, 0
    kept: list[Alert] = []
    for alert in (*firing, *reversed(resolved)):
        small = msgspec.structs.replace(alert, labels={}, summary=shortened(alert.summary, SHORT_BYTES))
        if len(kept) < KEPT_OTHERS and (size := _size(small)) <= room:
            room -= size
            kept.append(small)
        else:
            left_out += alert.status == "firing"
    return kept, left_out


def _lines(changed: Sequence[Alert], names: Sequence[str]) -> tuple[str, ...]:
    """What happened, in words; decisive alerts first."""
    ordered = sorted(changed, key=lambda alert: alert.name not in names)
    lines = [_line(alert) for alert in ordered[:LINES]]
    if rest := ordered[LINES:]:
        firing = sum(alert.status == "firing" for alert in rest)
        lines.append(f"{len(rest)} more alerts: {firing} firing, {len(rest) - firing} resolved")
    return tuple(lines)


def _line(alert: Alert) -> str:
    summary = f": {shortened(alert.summary, SHORT_BYTES)}" if alert.summary else ""
    return f"alert {alert.name} is {alert.status}{summary}"


def _trimmed(alert: Alert, *, whole: bool) -> Alert:
    """The alert with no text longer than is sane; one that decides nothing needs no labels."""
    fingerprint = alert.fingerprint
    if len(fingerprint.encode()) > LONGEST_FINGERPRINT:
        fingerprint = hashlib.sha256(fingerprint.encode()).hexdigest()[:LONGEST_FINGERPRINT]
    return msgspec.structs.replace(
        alert,
        fingerprint=fingerprint,
        name=shortened(alert.name, NAME_BYTES),
        severity=shortened(alert.severity, SHORT_BYTES),
        summary=shortened(alert.summary, SUMMARY_BYTES if whole else SHORT_BYTES),
        labels=_some(alert.labels) if whole else {},
    )


def _some(labels: Mapping[str, str]) -> Mapping[str, str]:
    """The labels that fit, each whole."""
    kept: dict[str, str] = {}
    room = LABELS_BYTES
    for name, value in labels.items():
        size = len(name.encode()) + len(value.encode())
        if size <= room:
            kept[name] = value
            room -= size
    return kept


def _bare(alert: Alert) -> Alert:
    return msgspec.structs.replace(alert, labels={}, summary="", severity="")


def _size(alert: Alert) -> int:
    return len(msgspec.json.encode(alert)) + 1


def shortened(text: str, most: int) -> str:
    """The text in at most so many bytes of UTF-8."""
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode(errors="ignore") + "…"
