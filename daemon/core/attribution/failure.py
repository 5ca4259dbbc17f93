"""One signal's failure as one look sees it: when it began, and what the old pods say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from daemon.core.attribution.common_cause import baseline_rate
from daemon.core.attribution.control_group import OldPods
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset, onset


@dataclass(frozen=True, eq=False)
class Failure:
    """The judge and the attribution ask it the same; each answer is worked out once, and only when asked."""

    state: SignalState
    elsewhere: Onset | None = None
    """When another signal of the release began to fail: taken where this one does not tell."""

    @cached_property
    def onset(self) -> Onset | None:
        """When it began; ``None`` where that cannot be told."""
        state = self.state
        found = onset(state.telling_steps, baseline_rate(state), state.baseline.clumps)
        return found or self.elsewhere

    @cached_property
    def old_pods(self) -> OldPods | None:
        """``None`` where nobody knows what to ask them about."""
        return OldPods(self.state, self.onset) if self.onset is not None else None


def earliest(failures: Iterable[Failure]) -> Onset | None:
    """The earliest of their onsets."""
    found = [begun for failure in failures if (begun := failure.onset) is not None]
    return min(found, key=lambda begun: begun.high, default=None)
