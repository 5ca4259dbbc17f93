"""One past rollout, judged again: samples in, the outcome out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

from daemon.core.assessment import Attribution, Verdict
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.record_entries import DependencyChanged, RolloutStarted, Sampled
from daemon.core.judge.recording import Recording
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Start
from daemon.engine.backtest.dependency_history import DependencyRecord
from daemon.engine.backtest.fixed import FixedRule
from daemon.engine.backtest.lineage import Plan
from daemon.engine.backtest.outcome import Kind, RolloutOutcome
from daemon.engine.backtest.pod_lifetimes import revision_of
from daemon.ports import Gauge

STEP = 5.0
"""Seconds between two points of a query: a third of the usual scrape interval."""
GAUGE_STEP = 15.0
"""Of a query for a dependency's gauge."""
MOST_VALUES = 100_000
"""Values in one answer: some 15 MB while they are decoded."""
PARTS = 5
"""Values of a pod at each point, at most."""
MOST_POINTS = 10_000
"""Prometheus refuses more than 11,000 of a series."""
JUST_BEFORE = 0.001
"""Seconds by which the rollout is taken to precede the first scrape of a new pod."""


class Past(Protocol):
    """A metrics server's history of one workload. Times in Unix seconds. Raises PortError."""

    def pods(self, start: float, end: float, step: float) -> Mapping[str, Sequence[float]]:
        """Pod → the times, ascending, at which it was there, of each ``step`` seconds from ``start`` on."""
        ...

    def samples(self, signal: str, start: float, end: float, step: float) -> Sequence[Sample]:
        """What was scraped between the two times, each scrape once; points are ``step`` seconds apart."""
        ...

    def cost(self, signal: str) -> int:
        """The queries that one span of a signal's samples takes."""
        ...

    def gauges(self, dependency: str, start: float, end: float, step: float) -> Sequence[Gauge]:
        """What each reporter said at each ``step`` seconds, with the look's time."""
        ...


def chunks(plan: Plan, policy: Policy) -> Iterator[tuple[float, float]]:
    """The spans in which a rollout is read, bounded in values; ``plan.since`` lies between two of them."""
    points = min(MOST_POINTS, MOST_VALUES // (PARTS * max(plan.pods, 1)))
    # At least five minutes: for fewer points a query costs the server no less.
    length = max(points, 60) * STEP
    for begin, end in ((plan.since - policy.baseline_window, plan.since), (plan.since, plan.end)):
        count = max(1, math.ceil((end - begin) / length))
        for index in range(count):
            yield begin + index * length, min(begin + (index + 1) * length, end)


def replay(
    ref: WorkloadRef,
    plan: Plan,
    baseline: str,
    policy: Policy,
    past: Past,
    earlier: tuple[Start, ...] = (),
) -> RolloutOutcome:
    """Judge a rollout against ``baseline``'s pods; ``earlier`` tells how proven releases started. Reads no
    further than it has to. Raises PortError.

    One that began in a gap of the metrics is not read: nobody knows what its pods had counted by then.
    """
    if plan.gap_from is not None:
        return _in_gap(plan, baseline)
    watch, witnesses = _Watch(ref.name, plan, baseline, policy, earlier), DependencyRecord(ref, plan.revision)
    for begin, end in chunks(plan, policy):
        for signal in policy.signals:
            watch.add(signal.name, past.samples(signal.name, begin, end, STEP))
        for name in policy.dependencies:
            said = past.gauges(name, begin, end, GAUGE_STEP)
            watch.hear(witnesses.hear(name, said))
        watch.go_on(end)
        if watch.over:
            break
    return watch.outcome()


class _Watch:
    """Feeds the recording and the fixed rule in the order of time."""

    def __init__(
        self, deployment: str, plan: Plan, baseline: str, policy: Policy, earlier: tuple[Start, ...]
    ) -> None:
        self._earlier = earlier
        self._deployment, self._plan, self._baseline, self._policy = deployment, plan, baseline, policy
        self._recording = Recording(policy, earlier)
        self._rule: FixedRule | None = None
        self._pending: list[tuple[str, Sample]] = []
        self._heard_of: list[DependencyChanged] = []
        self._newest: dict[tuple[str, str], float] = {}
        self._there: set[str] = set()
        """The revision's pods that were there before the rollout."""
        self._started_at = math.inf

    @property
    def over(self) -> bool:
        """Whether neither the judge nor the fixed rule has anything left to say."""
        return self._recording.decided and self._rule is not None and self._rule.rolled_back_at is not None

    def add(self, signal: str, samples: Sequence[Sample]) -> None:
        self._pending += [(signal, sample) for sample in samples]

    def hear(self, dependencies: Iterable[DependencyChanged]) -> None:
        self._heard_of = sorted([*self._heard_of, *dependencies], key=lambda one: one.at)

    def go_on(self, until: float) -> None:
        """Judge what was added; nothing earlier than ``until`` is still to come."""
        pending, self._pending = sorted(self._pending, key=_order), []
        pending = [(signal, sample) for signal, sample in pending if self._is_news(signal, sample)]
        if until <= self._plan.since:
            self._there |= {sample.pod for _, sample in pending if self._is_new(sample.pod)}
        elif math.isinf(self._started_at):
            self._started_at = self._start_of(pending)
        for at, rows in groupby(pending, key=lambda one: one[1].at):
            self._pass_time(at)
            self._round(at, rows)
        self._pass_time(until)

    def outcome(self) -> RolloutOutcome:
        plan, decided = self._plan, self._recording.decided
        last = self._recording.close()
        assert last is not None
        assert self._rule is not None
        signals = {signal for signal, _ in self._newest}
        evidence = self._recording.evidence()
        proven = bool(signals) and all(one.proven for one in evidence if one.name in signals)
        gap = self._gap() if last.verdict is Verdict.UNKNOWN else ""
        kind = _kind(last, proven, gap)
        return RolloutOutcome(
            plan=plan,
            baseline=self._baseline,
            kind=kind,
            verdict=last.verdict,
            reason=gap or last.reason,
            attribution=last.attribution,
            attribution_reason=last.attribution_reason,
            signal=last.signal,
            e_value=last.e_value,
            started_at=self._started_at,
            judged_until=last.at if decided else plan.watch_end,
            requests=max((one.new.total for one in evidence), default=0.0),
            fixed_at=self._rule.rolled_back_at,
            evidence=evidence,
            starts=self._recording.starts() if kind is Kind.PASSED else (),
            earlier=self._earlier,
            missing=tuple(s.name for s in self._policy.signals if s.name not in signals),
        )

    # ------------------------------------------------------------ steps

    def _is_news(self, signal: str, sample: Sample) -> bool:
        if revision_of(self._deployment, sample.pod) is None:
            return False
        known = self._newest.get((signal, sample.pod), -math.inf)
        if not sample.at > known:
            return False
        self._newest[signal, sample.pod] = sample.at
        return True

    def _is_new(self, pod: str) -> bool:
        return revision_of(self._deployment, pod) == self._plan.revision

    def _start_of(self, pending: Sequence[tuple[str, Sample]]) -> float:
        """Just before the first scrape of a pod that was not there before."""
        born = (s.at for _, s in pending if s.pod not in self._there and self._is_new(s.pod))
        return next(born, self._plan.seen_at) - JUST_BEFORE

    def _pass_time(self, to: float) -> None:
        if self._rule is None:
            if to <= self._started_at:
                return
            self._recording.take(
                RolloutStarted(at=self._started_at, revision=self._plan.revision, baseline=self._baseline)
            )
            self._rule = FixedRule(self._policy.signals, self._started_at)
        self._rule.pass_time(min(to, self._plan.watch_end))
        self._tell(to)
        self._recording.pass_time(to)

    def _tell(self, until: float) -> None:
        """What was heard of the dependencies by then."""
        while self._heard_of and self._heard_of[0].at <= until:
            self._recording.take(self._heard_of.pop(0))

    def _round(self, at: float, rows: Iterable[tuple[str, Sample]]) -> None:
        """What was scraped at one moment."""
        for signal, sample in rows:
            revision = revision_of(self._deployment, sample.pod)
            self._recording.take(_sampled(signal, sample, revision or ""))
            if self._rule is not None and self._is_new(sample.pod):
                self._rule.take(signal, sample.pod, at, sample.bad, sample.total)

    def _gap(self) -> str:
        """The sentence that names the signals whose samples ended before the watch did."""
        silent, seen = self._recording.silent, {signal for signal, _ in self._newest}
        since = ", ".join(f"{name} since {_clock(silent[name])}" for name in sorted(silent.keys() & seen))
        return f"the metrics have a gap: no sample of the new pods for {since}" if since else ""


def _order(one: tuple[str, Sample]) -> tuple[float, str, str]:
    return (one[1].at, one[0], one[1].pod)


def _sampled(signal: str, sample: Sample, revision: str) -> Sampled:
    return Sampled(
        at=sample.at,
        signal=signal,
        pod=sample.pod,
        revision=revision,
        total=sample.total,
        bad=sample.bad,
        unclear=sample.unclear,
    )


def _kind(last: Judgement, proven: bool, gap: str) -> Kind:
    if last.decision is Decision.ROLLBACK:
        return Kind.ROLLBACK
    if last.verdict is Verdict.FAILING or gap:
        return Kind.HELD
    return Kind.PASSED if proven else Kind.UNPROVEN


def _in_gap(plan: Plan, baseline: str) -> RolloutOutcome:
    assert plan.gap_from is not None
    return RolloutOutcome(
        plan=plan,
        baseline=baseline,
        kind=Kind.HELD,
        verdict=Verdict.UNKNOWN,
        reason=f"the metrics have a gap from {_clock(plan.gap_from)} on, and the rollout began in it",
        attribution=Attribution.UNDECIDED,
        attribution_reason="",
        signal="",
        e_value=1.0,
        started_at=plan.seen_at,
        judged_until=plan.seen_at,
        requests=0.0,
        fixed_at=None,
    )


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
