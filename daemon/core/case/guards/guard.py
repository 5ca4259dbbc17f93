"""What every guard has to say of itself."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy
from daemon.core.value import Instant, Value

ANNOUNCEMENT = "announcement"
"""What keeps a rollback until people had time to hold it; no guard, for it is asked after all of them."""


class FreezeWindow(Value, frozen=True):
    """A time in which nothing may be changed by itself: the freeze's name and when it ends.

    With a ``problem`` its calendar cannot be read: it may be on, and ``until`` is what that said before.
    """

    name: str
    until: Instant | None
    problem: str = ""


class Occasion(Value, frozen=True):
    """All that a guard looks at, when an act on the workload is thought of."""

    ref: WorkloadRef
    now: Instant
    policy: Policy
    stop: str | None = None
    """The emergency stop's reason; ``None`` where there is no stop, and a reason may be empty."""
    pause: str | None = None
    """The pause annotation as it was written."""
    freeze: FreezeWindow | None = None
    rollbacks: tuple[Instant, ...] = ()
    """When the workload was rolled back within the last 24 hours."""


class Refusal(Value, frozen=True, omit_defaults=True):
    """Which guard refuses, why, and until when: a time, or else what a person has to do."""

    guard: str
    reason: str
    until: Instant | None = None
    remedy: str = ""

    @property
    def ends(self) -> str:
        """ "until 2026-01-05 09:00 UTC", or what ends it."""
        return f"until {self.until:%Y-%m-%d %H:%M:%S} UTC" if self.until is not None else self.remedy

    def __str__(self) -> str:
        return f"{self.reason} (guard {self.guard}, {self.ends})"


class Guard(Value, frozen=True):
    """One guard. ``absolute`` says that it refuses what a person approved as well."""

    name: str
    refuses: Callable[[Occasion], Refusal | None]
    settings: Callable[[Policy], str]
    """What policy sets of it, in words."""
    absolute: bool = False


def annotate(ref: WorkloadRef, annotation: str) -> str:
    """The command that takes an annotation off."""
    return f"kubectl annotate deployment/{ref.name} -n {ref.namespace} {annotation}-"
