"""What a case may weigh: it is one object of the API server, and one that is refused decides nothing.

Texts come from outside (an API server's words, a container's last message, a person's reason) and are cut.
Should a case be too large even so, what decides nothing gives way, in this order: lines of alerts, alerts
that decide nothing, labels and summaries of the others, the oldest lines of the story, how its pods
started, the ends of its lines.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from daemon.core.case.alert_record import shortened
from daemon.core.case.case import Case, Status

CASE_BYTES = 256 * 1024
"""Of the encoded case. etcd takes 1.5 MiB, and what the daemon still has to write finds room above this."""
TEXT_BYTES = 2000
LEAST_TEXT_BYTES = 400
"""Of a text where there is no room for more; what JSON has to escape takes up to six times as many."""
LEAST_STORY = 20
"""The newest lines of the story, which are kept whatever else there is."""

_Lighter = Callable[[Status], Status]


def fitted(case: Case, names: tuple[str, ...]) -> Case:
    """The case with no text longer than is sane, and within its size. ``names`` are the decisive alerts'."""
    status = _cut(case.status, TEXT_BYTES)
    steps = iter(_ladder(names))
    while _size(case, status) > CASE_BYTES and (step := next(steps, None)) is not None:
        status = step(status)
    return case if status is case.status else msgspec.structs.replace(case, status=status)


def _size(case: Case, status: Status) -> int:
    return len(msgspec.json.encode(case.spec)) + len(msgspec.json.encode(status))


def _cut(status: Status, most: int) -> Status:
    """With no text of more than so many bytes; the same value where none is."""
    effects = tuple(
        effect
        if _short(effect.detail, most)
        else msgspec.structs.replace(effect, detail=shortened(effect.detail, most))
        for effect in status.effects
    )
    timeline = tuple(
        entry
        if _short(entry.text, most)
        else msgspec.structs.replace(entry, text=shortened(entry.text, most))
        for entry in status.timeline
    )
    if effects == status.effects and timeline == status.timeline and _short(status.reason, most):
        return status
    reason = shortened(status.reason, most)
    return msgspec.structs.replace(status, reason=reason, effects=effects, timeline=timeline)


def _short(text: str, most: int) -> bool:
    return len(text) * 4 <= most or len(text.encode()) <= most


def _ladder(names: tuple[str, ...]) -> tuple[_Lighter, ...]:
    def no_alert_lines(status: Status) -> Status:
        story = tuple(entry for entry in status.timeline if not entry.alert)
        return msgspec.structs.replace(status, timeline=story)

    def decisive_alone(status: Status) -> Status:
        kept = tuple(alert for alert in status.alerts if alert.name in names)
        left_out = sum(alert.status == "firing" for alert in status.alerts if alert.name not in names)
        return msgspec.structs.replace(status, alerts=kept, alerts_left_out=status.alerts_left_out + left_out)

    def bare_alerts(status: Status) -> Status:
        bare = tuple(
            msgspec.structs.replace(alert, labels={}, summary="", severity="") for alert in status.alerts
        )
        return msgspec.structs.replace(status, alerts=bare)

    def short_story(status: Status) -> Status:
        return msgspec.structs.replace(status, timeline=status.timeline[-LEAST_STORY:])

    def no_starts(status: Status) -> Status:
        return msgspec.structs.replace(status, starts=())

    def short_lines(status: Status) -> Status:
        return _cut(status, LEAST_TEXT_BYTES)

    return no_alert_lines, decisive_alone, bare_alerts, short_story, no_starts, short_lines
