"""What a person could do to a workload by hand, and what each choice would mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.core.case.case import Case
from daemon.core.case.guards.pause import FORMS, OFF, paused_until
from daemon.core.case.rollback_target import choose, repute
from daemon.core.model import Workload
from daemon.core.value import Value


class Return(Value, frozen=True):
    """A revision that could be returned to. Without ``good`` it takes the asker's word (``unproven``)."""

    number: int
    words: str
    """As it is called in sentences: ``revision 7 (v1.0.0)``."""
    good: bool
    why: str


def returns(workload: Workload, cases: Sequence[Case]) -> tuple[Return, ...]:
    """The daemon's own choice first, then what else is good, then the rest; each newest first."""
    current = workload.current
    if current is None:
        return ()
    own = [case for case in cases if case.ref == workload.ref]
    best = choose(workload, current, own).revision
    found = [
        Return(number=revision.number, words=str(revision), good=about.good, why=about.why)
        for revision in workload.revisions
        if revision.hash != current.hash
        for about in (repute(workload, current, revision, own),)
    ]
    first = best.number if best is not None else 0
    return tuple(sorted(found, key=lambda one: (one.number != first, not one.good, -one.number)))


def paused(value: str | None, now: datetime) -> str:
    """A pause annotation in words; empty where it stops nothing.

    >>> from datetime import UTC
    >>> paused("until 2026-01-05T18:00:00+01:00", datetime(2026, 1, 5, tzinfo=UTC))
    'paused until 2026-01-05 17:00 UTC'
    >>> paused("until 2026-01-05T18:00:00+01:00", datetime(2026, 1, 6, tzinfo=UTC))
    ''
    """
    if value is None or value.strip().lower() in OFF:
        return ""
    try:
        end = paused_until(value)
    except ValueError:
        return f"paused: the annotation is {value[:60]!r}, which does not say until when ({FORMS})"
    if end is None:
        return "paused until somebody resumes"
    return f"paused until {end:%Y-%m-%d %H:%M} UTC" if end > now else ""
