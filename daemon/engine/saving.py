"""When a case is worth a write: what changes its meaning at once, the rest together and now and then."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.case.case import Case, Phase, Status
from daemon.ports import Clock

SAVE_EVERY = 30.0
"""Seconds between writes of numbers and the verdict they add up to, and of who was notified."""


class Saving:
    """Remembers when each active case was written last. ``notifying`` says whether people are just being
    notified of a case."""

    def __init__(self, clock: Clock, notifying: Callable[[str], bool]) -> None:
        self._clock = clock
        self._notifying = notifying
        self._saved_at: dict[str, float] = {}
        """Case → when (monotonic)."""

    def worthwhile(self, before: Case, after: Case) -> bool:
        if before == after:
            return False
        if _meaning(before.status) != _meaning(after.status):
            return True
        if not after.active:
            # No other write will come: how all sinks were notified goes in one.
            return not self._notifying(after.key)
        last = self._saved_at.get(after.key)
        return last is None or self._clock.monotonic() - last >= SAVE_EVERY

    def saved(self, case: Case) -> None:
        if case.active:
            self._saved_at[case.key] = self._clock.monotonic()
        else:
            self._saved_at.pop(case.key, None)


def _meaning(status: Status) -> tuple[object, ...]:
    """What is written at once when it changes.

    The verdict is not, for where it leads to anything the phase changes with it. Nor is it that a sink was
    notified: where that is lost, the sink is notified again, and knows that it was. Of an announcement it is
    written: not every sink knows, and people are given their time once.
    """
    alerts = (status.alerts, status.alerts_left_out, status.alerts_lost)
    whole = status.phase is Phase.HELD and status.announced_until is not None
    effects = tuple(effect if effect.is_step or whole else effect.id for effect in status.effects)
    said = (status.timeline, status.smoke_tests, status.migration, alerts)
    return status.phase, effects, said


def left_to_do(case: Case) -> tuple[object, ...]:
    """What there is to go on with at once; a notification that ended leaves nothing."""
    steps = tuple(effect for effect in case.pending if effect.is_step)
    return case.phase, steps, len(case.status.effects)
