"""The state of one signal in one watch: a fold over its samples, from the baseline on.

Everything the judge and the attribution look at is in the :class:`SignalState`; the live poll, the replay of
a metrics server's history after a restart, recorded samples and backtests all go through
:func:`initial_state` and :func:`update`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from itertools import groupby
from operator import itemgetter

import msgspec

from daemon.core.policy import SignalPolicy
from daemon.core.signals.baseline import Baseline, Bounds, baseline_of, bounds_of, total
from daemon.core.signals.counters import Book, Step, read
from daemon.core.signals.pod_stage import PodStage, by_stage, since_birth, starts_by
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Against, Start, Starting, Startup, compared, kept, learnt
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally, thinned
from daemon.core.statistics.e_process import EProcess, accumulate
from daemon.core.statistics.likelihood import Ratio, log_worse, ratios, upper_rate
from daemon.core.statistics.rounds import Rounds, cut
from daemon.core.thresholds import (
    DECADE,
    EFFECTS,
    KEPT_POINTS,
    KEPT_STEPS,
    OUTAGE,
    ROUND,
    SECOND_SCRAPE,
    SHIFTED,
)
from daemon.core.value import Value

BIRTH = -1.0
"""Age of the pod in its first scrape's step, whose true beginning nobody knows."""
NOTHING: tuple[Ratio, ...] = ((0.0, 0.0),) * len(EFFECTS)
"""Against no bound: whatever is counted is no evidence."""

Births = Callable[[str], bool]
"""Whether a pod not seen before began counting within the watch."""


class Side(IntEnum):
    """Whose pod it is."""

    OLD = 0
    """The control group's: the revision before."""
    NEW = 1
    """The judged revision's."""
    OTHER = 2


class SignalState(Value, frozen=True):
    policy: SignalPolicy
    alpha: float
    """The chance of a false conviction that this signal may take in the whole watch."""
    started_at: float
    """When the rollout began (Unix seconds)."""
    baseline: Baseline
    bounds: Bounds
    book: Book = Book()
    new: Tally = Tally()
    old: Tally = Tally()
    """The control group's since the rollout began."""
    before: Tally = Tally()
    """Everything that the control group did, before the rollout and since."""
    new_steps: tuple[Step, ...] = ()
    old_steps: tuple[Step, ...] = ()
    rounds: Rounds = Rounds()
    """Of the new pods' scrapes, those of a warm-up apart."""
    against_limit: EProcess = EProcess()
    against_baseline: EProcess = EProcess()
    cold_rounds: Rounds = Rounds()
    """Of the pods' warm-up."""
    against_outage: EProcess = EProcess()
    """In the pods' warm-up."""
    young: tuple[Step, ...] = ()
    """Of the new pods, while they were young."""
    startup: Startup | None = None
    """What the starts of proven releases allow; ``None`` where they were as well as any other time."""
    starting: Starting | None = None
    """How the new pods' start compares, where that is so."""
    over_limit: float = 0.0
    """Log e-value (nats) of the failure, an outage in the warm-up among it."""
    over_baseline: float = 0.0
    trail: tuple[Point, ...] = ()

    @property
    def first_round(self) -> bool:
        """Whether nothing but the new pods' first scrapes with requests is known."""
        first_at = self.rounds.first_at
        return first_at is not None and self.new_steps[-1].at < first_at + SECOND_SCRAPE

    @property
    def telling_steps(self) -> tuple[Step, ...]:
        """The new pods' steps without those of a start that is no worse than its predecessors'."""
        startup, starting = self.startup, self.starting
        if startup is None or starting is None or starting.failing:
            return self.new_steps
        starts = starts_by(startup, self.policy, self.young)
        return tuple([step for step in self.new_steps if not starts(step)])

    @property
    def telling(self) -> Tally:
        """What the new pods did, without a start that is no worse than its predecessors'."""
        starting = self.starting
        if starting is None or starting.failing:
            return self.new
        return self.new.without(starting.counted)


def initial_state(
    policy: SignalPolicy,
    alpha: float,
    started_at: float,
    history: Iterable[Sample],
    side: Callable[[str], Side],
    starts: Sequence[Start] = (),
) -> SignalState:
    """The state at the rollout's start; ``history`` are the samples scraped before it, ``starts`` those of
    proven releases, the newest last."""
    book, steps = read(Book(), history, starts_at_zero=lambda _: False)
    baseline = baseline_of([step for step in steps if side(step.pod) is Side.OLD], policy, alpha)
    bounds = bounds_of(policy, baseline.tally, baseline.dispersion, alpha)
    return SignalState(
        policy=policy,
        alpha=alpha,
        started_at=started_at,
        baseline=baseline,
        bounds=bounds,
        before=baseline.tally,
        startup=learnt([start for start in starts if start.signal == policy.name], bounds.bound),
        book=book.reference(),
    )


def update(
    state: SignalState, samples: Sequence[Sample], births: Births, side: Callable[[str], Side]
) -> SignalState:
    """The state after these samples, which may repeat earlier ones and be of any order."""
    book, steps = read(state.book, samples, starts_at_zero=births)
    if not steps:
        return state if book is state.book else msgspec.structs.replace(state, book=book)
    if len(book.tracks) > len(state.book.tracks):
        steps = [_begun(step, state.started_at) if step.since == step.at else step for step in steps]
    state = msgspec.structs.replace(state, book=book)
    for own, together in _sided(steps, side):
        if own is Side.NEW:
            state = _judged(state, together)
        elif own is Side.OLD:
            state = _compared(state, together)
    return state


def _sided(steps: list[Step], side: Callable[[str], Side]) -> list[tuple[Side, list[Step]]]:
    """In the order of time, and within a moment the control group first: no name and no batch counts."""
    if len(steps) == 1:
        return [(side(steps[0].pod), steps)]
    sides = [side(step.pod) for step in steps]
    if len(set(sides)) == 1:
        return [(sides[0], sorted(steps))]
    ordered = sorted(zip([step.at for step in steps], sides, steps, strict=True))
    return [(own, [step for _, _, step in group]) for own, group in groupby(ordered, itemgetter(1))]


def _compared(state: SignalState, steps: list[Step]) -> SignalState:
    """With what the control group did, and the bounds that this makes for whatever comes after it."""
    old = state.old + total(steps)
    before = state.baseline.tally + old
    state = msgspec.structs.replace(
        state,
        old=old,
        old_steps=_kept((*state.old_steps, *steps)),
        before=before,
    )
    return msgspec.structs.replace(state, bounds=_bounds_beside(state))


def _judged(state: SignalState, steps: list[Step]) -> SignalState:
    """With what the new pods did."""
    rounds, limit, baseline = state.rounds, state.against_limit, state.against_baseline
    cold_rounds, cold, trail = state.cold_rounds, state.against_outage, state.trail
    spread, bounds, new, policy = state.baseline.dispersion, state.bounds, state.new, state.policy
    over_limit, over_baseline = state.over_limit, state.over_baseline
    young, starting = kept(state.young, steps), state.starting
    startup = state.startup
    starts = starts_by(startup, policy, young) if startup is not None else None
    for together, stage in by_stage(steps, state.started_at, policy, starts):
        if stage is PodStage.STARTING and startup is not None and starts is not None:
            seen = [step for step in young if step.at <= together[-1].at]
            starting = compared(startup, seen, starts, _against(state))
        elif stage is PodStage.WARMING:
            cold_rounds, portions = cut(cold_rounds, together)
            cold = accumulate(cold, portions, ratios(max(bounds.bound, OUTAGE)), spread)
        else:
            counted = together
            if starts and starting and rounds.first_at is None and starting.rate <= bounds.bound:
                counted = since_birth(together, young, starts)
            rounds, portions = cut(rounds, counted)
            limit = accumulate(limit, portions, ratios(bounds.bound), spread)
            against = ratios(bounds.upper) if bounds.compared else NOTHING
            baseline = accumulate(baseline, portions, against, spread)
        sums = total(together)
        new = new + sums
        over_limit, over_baseline = limit.log_e, baseline.log_e
        if cold_rounds.first_at is not None:
            # Where no outage in a warm-up was looked for, that is no evidence, not even for health.
            over_limit, over_baseline = max(over_limit, cold.log_e), max(over_baseline, cold.log_e)
        if starting is not None:
            over_limit = max(over_limit, starting.over_bound)
            over_baseline = max(over_baseline, starting.over_usual)
        trail = _traced(trail, state.started_at, together[-1].at, sums, over_limit, over_baseline)
    return msgspec.structs.replace(
        state,
        new=new,
        new_steps=_kept((*state.new_steps, *steps)),
        rounds=rounds,
        against_limit=limit,
        against_baseline=baseline,
        cold_rounds=cold_rounds,
        against_outage=cold,
        young=young,
        starting=starting,
        over_limit=over_limit,
        over_baseline=over_baseline,
        trail=trail,
    )


def _against(state: SignalState) -> Against:
    baseline = state.baseline
    served = baseline.seconds * baseline.pods
    return Against(
        usual_requests=baseline.tally.total / served if served > 0 else 0.0,
        dispersion=baseline.dispersion,
        factor=state.policy.factor,
        alpha=state.alpha / 2,
        level=state.bounds.baseline_level,
    )


def _kept(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return steps if len(steps) <= KEPT_STEPS else steps[-KEPT_STEPS:]


def _begun(step: Step, started_at: float) -> Step:
    """A pod's first scrape since its birth, which was within the round before, or at the rollout."""
    since = min(step.at, max(started_at, step.at - ROUND))
    return msgspec.structs.replace(step, since=since, age=BIRTH)


def _bounds_beside(state: SignalState) -> Bounds:
    """The bounds with the control group's own counts beside the new pods.

    Where they fare worse than before, the times have changed (the hour, the traffic, a dependency), and only
    what was counted in the same time compares. What counts as over the limit stays as it was.
    """
    policy, spread, alpha = state.policy, state.baseline.dispersion, state.alpha
    beside = bounds_of(policy, state.before, spread, alpha)
    if beside.compared and state.baseline.tally.total > 0:
        usual = upper_rate(thinned(state.baseline.tally.at_worst, spread), alpha / 2)
        if log_worse(thinned(state.old, spread), usual) >= SHIFTED:
            beside = bounds_of(policy, state.old, spread, alpha)
    return msgspec.structs.replace(beside, bound=state.bounds.bound)


def _traced(
    trail: tuple[Point, ...],
    started_at: float,
    at: float,
    sums: Tally,
    over_limit: float,
    over_baseline: float,
) -> tuple[Point, ...]:
    """The trail with what one round brought, whose newest scrape was ``at``."""
    bad, events = sums.bad, sums.total
    last = trail[-1] if trail else None
    if last is not None and (last.at - started_at) // ROUND == (at - started_at) // ROUND:
        bad, events, trail = bad + last.bad, events + last.total, trail[:-1]
    point = Point(
        at=at,
        bad=bad,
        total=events,
        over_limit=over_limit / DECADE,
        over_baseline=over_baseline / DECADE,
    )
    return (*trail, point) if len(trail) < KEPT_POINTS else (*trail[1:], point)
