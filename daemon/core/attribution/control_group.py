"""What the old pods say of a failure: did it begin with them, before the rollout? Does it hit them as well?

They are the best witness there is, while they serve. Once they are gone, what they last said is weighed by
how the failure began: releases mostly break with their first request, and incidents at any moment.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from daemon.core.assessment import Attribution
from daemon.core.attribution.affected_pods import log_alike
from daemon.core.attribution.common_cause import common_cause, due
from daemon.core.attribution.finding import Finding, Witness
from daemon.core.attribution.pod_age import Ageing, ageing
from daemon.core.signals.baseline import Round, recurring, total
from daemon.core.signals.counters import Step, serving
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset, onset
from daemon.core.statistics.counts import percent, thinned
from daemon.core.thresholds import (
    BASELINE_ENDS,
    BEGAN_WELL,
    BEGAN_WELL_UNSEEN,
    CLEAR,
    COINCIDENCE,
    EXCLUDED,
    GROWING,
    LEANING,
    RATE_FLOOR,
    ROUND,
    SURE,
)


@dataclass(frozen=True, eq=False)
class OldPods:
    """What they say of one failure. Each answer is worked out once, however many ask for it."""

    state: SignalState
    begun: Onset

    @cached_property
    def alike(self) -> float:
        """Log Bayes factor (nats) of a common cause.

        Against a failure of the new pods alone, at one moment or each at the same age.
        """
        found = common_cause(self.state, self.begun)
        # Where it began at once, or the old pods are plainly hit, the new ones' ages change nothing.
        if EXCLUDED < found < SURE and self.begun.well > LEANING and self.ageing is not None:
            found -= max(0.0, self.ageing.gain)
        return found

    @cached_property
    def ageing(self) -> Ageing | None:
        """Whether the new pods' failure follows their own age instead of the clock."""
        return ageing(self.state, self.begun)

    @property
    def due(self) -> bool:
        """Whether a scrape is to come that would tell, a common cause not being ruled out."""
        return due(self.state, self.begun) and self.alike > EXCLUDED

    @property
    def hit_as_well(self) -> bool:
        """Whether the service as a whole went bad, old pods with new: a failure, and not the release's."""
        return self.blamed is not None and self.blamed.cause is Attribution.INFRASTRUCTURE

    @cached_property
    def blamed(self) -> Finding | None:
        """The cause that they speak for, if any."""
        state, begun = self.state, self.begun
        if (before := _before_rollout(state, begun)) is not None:
            when = f"{state.started_at - before.high:.0f} s before the rollout began"
            words = f"{state.policy.name} went bad {when}, with the old pods: {percent(before.failing)}"
            return Finding(witness=Witness.BEFORE_ROLLOUT, reason=words)
        beside = total(step for step in state.old_steps if step.at > begun.low)
        return self._beside(str(beside)) if beside.total > 0 else None

    def _beside(self, seen: str) -> Finding | None:
        """They were scraped since it began, at least in part."""
        if self.alike <= EXCLUDED:
            return None
        state, begun = self.state, self.begun
        throughout = any(step.since >= begun.low and step.total > 0 for step in state.old_steps)
        gone = not serving(state.old_steps, state.new_steps[-1].at)
        if self.alike < COINCIDENCE and begun.well < LEANING and gone and not throughout:
            return None
        words = f"{state.policy.name} {seen}, before {state.baseline.tally}"
        if self.alike > CLEAR:
            return Finding(
                witness=Witness.OLD_PODS_ALIKE, reason=f"the old pods fail alike at the same time: {words}"
            )
        # Old pods that are well say so within a scrape or two.
        leaning = self.alike > LEANING or (throughout and self.alike + begun.well > 0)
        late = begun.well > (CLEAR if throughout else BEGAN_WELL) and not self._too_late
        if leaning or late:
            return Finding(
                witness=Witness.OLD_PODS_UNCLEAR,
                reason=f"the old pods may fail alike, too few requests to tell: {words}",
            )
        return None

    @property
    def _newest(self) -> float:
        """When an old pod was last scraped."""
        return max((step.at for step in self.state.old_steps), default=-math.inf)

    @cached_property
    def _too_late(self) -> bool:
        """Whether it began, or grew over the limit, when no old pod was left to see it."""
        state, newest = self.state, self._newest
        if self.begun.low >= newest + ROUND:
            return True
        over = onset(state.new_steps, state.bounds.bound, state.baseline.clumps)
        return over is not None and over.low >= newest + GROWING

    @property
    def unseen(self) -> Finding | None:
        """What began after a good start, while the last old pods went, may have hit them unseen.

        Asked after all other witnesses: that nobody saw it is the weakest of words.
        """
        state, begun, newest = self.state, self.begun, self._newest
        if any(step.at > begun.low and step.total > 0 for step in state.old_steps):
            return None
        if begun.well <= BEGAN_WELL_UNSEEN or self.alike <= EXCLUDED or self._too_late:
            return None
        reason = (
            f"{state.policy.name} went bad after a good start, up to {begun.high - newest:.0f} s after the "
            "last scrape of an old pod: whether the old pods failed alike nobody can tell"
        )
        return Finding(witness=Witness.UNSEEN, reason=reason)


class _Change(NamedTuple):
    """A change of the old pods' rate within the baseline."""

    early: tuple[Round, ...]
    """The part of the baseline that tells what was usual before it."""
    rate: float
    spread: float
    onset: Onset


def _before_rollout(state: SignalState, begun: Onset) -> Onset | None:
    """The change of the old pods' rate, if it came before the rollout, lasts, and looks like the failure."""
    rounds = state.baseline.rounds
    for early, rate, spread, changed in _changes(rounds):
        if changed.high >= state.started_at:
            continue
        since = [_step(one) for one in rounds if one.at >= changed.high]
        alike = log_alike(thinned(total(since), spread), begun.failing, rate)
        lasts = log_alike(total(since[-2:]), begun.failing, rate) > 0
        if alike > CLEAR and lasts and not _passes(early, begun.failing, rate):
            return changed
    return None


@lru_cache(maxsize=256)
def _changes(rounds: tuple[Round, ...]) -> tuple[_Change, ...]:
    """The same at each look of a watch."""
    found = []
    steps = [_step(one) for one in rounds]
    for share in BASELINE_ENDS:
        # The incident is in the baseline's end, so its beginning tells what is usual.
        early = rounds[: max(1, len(rounds) - len(rounds) // share)]
        rate = max(total(steps[: len(early)]).rate or 0.0, RATE_FLOOR)
        spread = recurring(early)
        changed = onset(steps, rate, spread)
        if changed is not None and changed.gain >= SURE:
            found.append(_Change(early, rate, spread, changed))
    return tuple(found)


def _passes(early: Sequence[Round], failing: float, ordinary: float) -> bool:
    """Whether the service failed like this earlier and got well by itself: it may have done so again."""
    return any(log_alike(total([_step(one)]), failing, ordinary) > CLEAR for one in early)


def _step(one: Round) -> Step:
    return Step(at=one.at, since=one.at - ROUND, bad=one.bad, total=one.total, unclear=0.0, pod="", age=0.0)
