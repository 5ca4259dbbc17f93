"""A whole backtest: find the rollouts, judge each, keep what was found so that it can be interrupted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy
from daemon.core.signals.startup import Start
from daemon.core.thresholds import PREDECESSORS
from daemon.core.value import Value
from daemon.engine.backtest.lineage import Lineage, Plan, lineage
from daemon.engine.backtest.outcome import Kind, RolloutOutcome
from daemon.engine.backtest.pod_lifetimes import PodLifetimes, Span, told_apart
from daemon.engine.backtest.replay import MOST_POINTS, MOST_VALUES, Past, chunks, replay
from daemon.ports import Missing, Rejected

FORMAT = 2
STEP = 60.0
"""Seconds between two looks for new pods: a revision that lived shorter may be overlooked."""
FIRST_LOOK = 86_400.0
"""Seconds that the first query for pods spans; the next ones follow from what it brought."""
LEAST_LOOK = 3600.0
RESUMED = 86_400.0
"""Seconds after which an interrupted run's span is no longer the one that is asked for."""


class Question(Value, frozen=True):
    """Times in Unix seconds. ``fingerprint`` tells all apart that can lead to other answers."""

    workload: WorkloadRef
    policy: Policy
    start: float
    end: float
    fingerprint: str


class RunState(Value, frozen=True):
    """What an interrupted run goes on from, and a later one need not read again."""

    format: int
    fingerprint: str
    start: float
    end: float
    seen_until: float
    pods: dict[str, tuple[Span, ...]]
    outcomes: tuple[RolloutOutcome, ...] = ()
    finished: bool = False


class Kept(Protocol):
    """Where the state is kept."""

    def save(self, content: bytes) -> None:
        """Keep it in place of what was kept before."""
        ...


class Estimate(Value, frozen=True):
    """Queries, at least; the search's own number is known when it is over."""

    searching: int
    per_rollout: int


class Resumed(Value, frozen=True):
    """An interrupted run goes on."""

    start: float
    end: float
    seen_until: float
    outcomes: int


class Searched(Value, frozen=True):
    """Up to when the pods are known."""

    start: float
    until: float
    end: float


class Found(Value, frozen=True):
    lineage: Lineage
    start: float
    queries: int
    """At most, for the rollouts that were not judged before."""


class Judged(Value, frozen=True):
    number: int
    of: int
    outcome: RolloutOutcome
    remembered: bool
    """Whether it was judged in an earlier run."""


Progress = Estimate | Resumed | Searched | Found | Judged


class StateMismatch(Exception):
    """The state belongs to another question."""


class StateDamaged(Exception):
    """What was kept cannot be read."""


def decode(content: bytes, question: Question) -> RunState:
    """Raises StateDamaged, StateMismatch."""
    try:
        state = msgspec.json.decode(content, type=RunState)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StateDamaged(str(error)) from error
    if state.fingerprint != question.fingerprint or state.format != FORMAT:
        raise StateMismatch
    return state


class Backtest:
    """One run. The state is saved after each query for pods and after each rollout."""

    def __init__(self, question: Question, past: Past, kept: Kept | None, before: RunState | None) -> None:
        self._question = question
        self._past = past
        self._kept = kept
        self._deployment = question.workload.name
        self._policy = question.policy
        self._start = math.floor(question.start / STEP) * STEP
        self._end = math.floor(question.end / STEP) * STEP
        self._remembered = {_key(one.plan): one for one in (before.outcomes if before else ())}
        self._sightings = PodLifetimes()
        self._seen_until = self._start - STEP
        self._resumed = before is not None and not before.finished and self._end - before.end < RESUMED
        if before is not None and self._resumed:
            self._start, self._end, self._seen_until = before.start, before.end, before.seen_until
            self._sightings = PodLifetimes(before.pods)
        self.outcomes: list[RolloutOutcome] = []
        self.lineage: Lineage | None = None

    @property
    def span(self) -> Span:
        """What is looked at: the question's span, or that of the run that goes on."""
        return self._start, self._end

    def run(self) -> Iterator[Progress]:
        """Raises PortError; Missing where the workload has no pods in the whole time."""
        if not told_apart(self._deployment):
            raise Rejected(
                f"the name {self._deployment} is so long that nothing of the revision is left in its pods'"
                " names: its rollouts cannot be told apart by the metrics"
            )
        if self._resumed:
            yield Resumed(
                start=self._start,
                end=self._end,
                seen_until=self._seen_until,
                outcomes=len(self._remembered),
            )
        yield Estimate(
            searching=max(1, math.ceil((self._end - self._seen_until) / FIRST_LOOK)),
            per_rollout=2 * self._cost,
        )
        yield from self._search()
        found = lineage(self._deployment, self._sightings.spans, self._policy, step=STEP, until=self._end)
        if found is None:
            raise Missing(
                f"no pod of {self._question.workload} is in the metrics: check the name and --namespace, that"
                f" the first signal's series carry the configured namespace and pod labels, and that its pods"
                f" are a Deployment's ({self._deployment}-HASH-xxxxx); rollbackd check-config --live shows"
                " what the queries find"
            )
        self.lineage = found
        new = [plan for plan in found.plans if self._known(plan) is None]
        yield Found(lineage=found, start=self._start, queries=sum(map(self._queries, new)))
        yield from self._judge(found)
        self._save(finished=True)

    # ------------------------------------------------------------ steps

    def _search(self) -> Iterator[Searched]:
        span = FIRST_LOOK
        while self._seen_until < self._end:
            begin = self._seen_until + STEP
            end = min(begin + span - STEP, self._end)
            pods = self._past.pods(begin, end, STEP)
            self._sightings.add(pods)
            self._seen_until = max(end, begin)
            self._save()
            yield Searched(start=self._start, until=self._seen_until, end=self._end)
            span = _next_look(span, sum(len(times) for times in pods.values()))

    def _judge(self, found: Lineage) -> Iterator[Judged]:
        good, earlier = [found.first], tuple[tuple[Start, ...], ...]()
        for number, plan in enumerate(found.plans, 1):
            baseline = _baseline(plan, good)
            known = self._known(plan)
            starts = tuple(start for each in earlier[-PREDECESSORS:] for start in each)
            if known is not None and (known.baseline, known.earlier) == (baseline, starts):
                outcome = known
            else:
                known = None
                outcome = replay(self._question.workload, plan, baseline, self._policy, self._past, starts)
                self._remembered[_key(plan)] = outcome
            self.outcomes.append(outcome)
            earlier = (*earlier, outcome.starts) if outcome.starts else earlier
            if outcome.kind in (Kind.PASSED, Kind.UNPROVEN):
                good = [*(one for one in good if one != plan.revision), plan.revision]
            elif plan.revision in good:
                good.remove(plan.revision)
            if known is None:
                self._save()
            yield Judged(number=number, of=len(found.plans), outcome=outcome, remembered=known is not None)

    def _known(self, plan: Plan) -> RolloutOutcome | None:
        known = self._remembered.get(_key(plan))
        return known if known is not None and known.plan == plan else None

    def _queries(self, plan: Plan) -> int:
        if plan.gap_from is not None:
            return 0
        return self._cost * sum(1 for _ in chunks(plan, self._policy))

    @property
    def _cost(self) -> int:
        """Queries for one span of a rollout."""
        costs = (self._past.cost(signal.name) for signal in self._policy.signals)
        return sum(costs) + len(self._policy.dependencies)

    def _save(self, *, finished: bool = False) -> None:
        if self._kept is None:
            return
        state = RunState(
            format=FORMAT,
            fingerprint=self._question.fingerprint,
            start=self._start,
            end=self._end,
            seen_until=self._seen_until,
            pods=self._sightings.spans,
            outcomes=tuple(self.outcomes) if finished else tuple(self._remembered.values()),
            finished=finished,
        )
        self._kept.save(msgspec.json.encode(state))


def _key(plan: Plan) -> tuple[str, float]:
    return plan.revision, plan.seen_at


def _baseline(plan: Plan, good: Sequence[str]) -> str:
    """What the daemon compares with: the last revision that was found healthy; else the one before."""
    return next((one for one in reversed(good) if one != plan.revision), plan.before)


def _next_look(span: float, values: int) -> float:
    """Longer where the last answer was small, shorter where it was large."""
    wanted = min(span * 4, span * MOST_VALUES / max(values, 1))
    return float(min(max(math.floor(wanted / STEP) * STEP, LEAST_LOOK), MOST_POINTS * STEP))
