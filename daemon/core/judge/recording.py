"""A rollout judged from a record of samples, by the same fold, judge and attribution as a live one.

What a record does not tell is taken from its samples: a pod of the judged revision that is first seen after
the rollout began counts from zero, and the watch runs for the policy's time from the last moment at which a
pod of another revision still counted something.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum

import msgspec

from daemon.core.assessment import Assessment, Attribution, SignalEvidence, Verdict
from daemon.core.attribution.cause import Dependency, Scene, Surroundings
from daemon.core.judge.detection import SignalView
from daemon.core.judge.verdict import alpha_of, assess, judge_signal
from daemon.core.policy import Policy
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import Side, SignalState, initial_state, update
from daemon.core.value import Value

KEPT_BEFORE = 20_000
"""Samples of a signal that are kept while no rollout has begun; older ones are let go."""
MOST_E = 1e300
"""Larger e-values are no number in JSON."""


class Sampled(Value, frozen=True):
    """One scrape of one pod: cumulative counters. ``at`` in Unix seconds."""

    at: float
    signal: str
    pod: str
    revision: str
    total: float
    bad: float | None = None
    unclear: float = 0.0


class RolloutStarted(Value, frozen=True):
    """From now on ``revision`` is judged; ``baseline`` is the control group, empty for all others."""

    at: float
    revision: str
    baseline: str = ""


class ScrapeFailed(Value, frozen=True):
    """A poll that brought nothing, of one signal or (empty) of all."""

    at: float
    signal: str = ""


class DependencyChanged(Value, frozen=True):
    at: float
    name: str
    healthy: bool
    confirmed: bool = True
    """Whether anything but the judged pods says so."""


Entry = Sampled | RolloutStarted | ScrapeFailed | DependencyChanged


class Decision(StrEnum):
    ROLLBACK = "rollback"
    HOLD = "hold"
    PASS = "pass"  # noqa: S105 (no password)


class Judgement(Value, frozen=True):
    """What was to be said at a time. ``e_value`` is the smaller of the two tests' of ``signal``."""

    at: float
    verdict: Verdict
    decision: Decision
    signal: str
    reason: str
    e_value: float
    attribution: Attribution
    attribution_reason: str = ""
    final: bool = False


class Recording:
    """One watch over recorded entries, which come in the order of time. Its memory is bounded.

    The samples of one time are judged together, once something later arrives: no order of the lines within a
    scrape can decide.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._signals = {signal.name: signal for signal in policy.signals}
        self._before: dict[str, deque[Sample]] = {name: deque(maxlen=KEPT_BEFORE) for name in self._signals}
        self._revisions: dict[str, str] = {}
        self._rollout: RolloutStarted | None = None
        self._states: dict[str, SignalState] = {}
        self._problems: dict[str, str] = {}
        self._dependencies: dict[str, Dependency] = {}
        self._pending: list[Sampled] = []
        self._overlap = -math.inf
        self._now = -math.inf
        self._last: Judgement | None = None
        self._onset: tuple[float, float] | None = None
        self._decided = False

    @property
    def decided(self) -> bool:
        """Whether a rollback was decided or the watch is over; whatever comes then is ignored."""
        return self._decided

    def take(self, entry: Entry) -> list[Judgement]:
        """The changes of the verdict that this entry brings about."""
        if self.decided:
            return []
        said = self._settle(entry.at) if entry.at > self._now else []
        return said if self._over() else said + self._enter(entry)

    def _over(self) -> bool:
        # Asked anew: judging what is pending may have decided it.
        return self._decided

    def _enter(self, entry: Entry) -> list[Judgement]:
        said: list[Judgement] = []
        self._now = max(self._now, entry.at) if math.isfinite(entry.at) else self._now
        match entry:
            case Sampled():
                self._pending.append(entry)
            case RolloutStarted():
                said += self._flush()
                if not self.decided:
                    self._start(entry)
            case ScrapeFailed():
                said += self._flush()
                for name in [entry.signal] if entry.signal else list(self._signals):
                    self._problems[name] = "the last poll of the metrics failed"
                if self._rollout is not None and not self.decided:
                    said += self._judge()
            case DependencyChanged():
                known = self._dependencies.get(entry.name)
                if known is None or known.healthy is not entry.healthy:
                    self._dependencies[entry.name] = Dependency(
                        name=entry.name, healthy=entry.healthy, since=entry.at, confirmed=entry.confirmed
                    )
        return said

    def close(self) -> Judgement | None:
        """The record's end: the last judgement, or ``None`` where no rollout was started."""
        self._flush()
        if self._rollout is None:
            return None
        if self._last is None or not self._decided:
            self._judge()
        last = self._last
        assert last is not None
        self._decided = True
        return _final(last)

    @property
    def onset(self) -> tuple[float, float] | None:
        """When the failure began, where there is one (Unix seconds)."""
        return self._onset

    def evidence(self) -> tuple[SignalEvidence, ...]:
        """The evidence so far, with its trail, of each signal that the record has."""
        return tuple(
            judge_signal(
                signal,
                SignalView(state=self._states.get(signal.name), problem=self._problems.get(signal.name, "")),
            )
            for signal in self._sampled().signals
        )

    # ------------------------------------------------------------ steps

    def _settle(self, later: float) -> list[Judgement]:
        """Judge what was scraped before ``later``; the watch may be over by then."""
        said = self._flush()
        if self._rollout is not None and not self._decided and later > self._ends():
            self._judge()
            self._decided = True
        return said

    def _ends(self) -> float:
        assert self._rollout is not None
        return max(self._rollout.at, self._overlap) + self._policy.watch

    def _start(self, rollout: RolloutStarted) -> None:
        self._rollout = rollout
        self._overlap = rollout.at
        self._last = None
        since = rollout.at - self._policy.baseline_window
        for name, signal in self._signals.items():
            history = [s for s in self._before[name] if since <= s.at <= rollout.at]
            self._states[name] = initial_state(
                signal, alpha_of(self._policy), rollout.at, history, self._side
            )
            self._before[name].clear()

    def _side(self, pod: str) -> Side:
        assert self._rollout is not None
        revision = self._revisions.get(pod, "")
        if revision == self._rollout.revision:
            return Side.NEW
        if not self._rollout.baseline or revision == self._rollout.baseline:
            return Side.OLD
        return Side.OTHER

    def _born(self, pod: str) -> bool:
        return self._side(pod) is Side.NEW

    def _flush(self) -> list[Judgement]:
        pending, self._pending = self._pending, []
        by_signal: dict[str, list[Sample]] = {}
        for line in pending:
            if line.signal in self._signals:
                self._revisions[line.pod] = line.revision
                by_signal.setdefault(line.signal, []).append(
                    Sample(
                        namespace="",
                        pod=line.pod,
                        at=line.at,
                        total=line.total,
                        bad=line.bad,
                        unclear=line.unclear,
                    )
                )
        if self._rollout is None:
            for name, samples in by_signal.items():
                self._before[name].extend(samples)
            return []
        changed = [self._follow(name, samples) for name, samples in by_signal.items()]
        return self._judge() if any(changed) else []

    def _follow(self, name: str, samples: list[Sample]) -> bool:
        """Whether these samples were news."""
        before = self._states[name]
        after = update(before, samples, self._born, self._side)
        if after is before:
            return False
        self._states[name] = after
        self._problems[name] = after.book.problem(self._born)
        if after.old_steps and after.old_steps[-1].total > 0:
            self._overlap = max(self._overlap, after.old_steps[-1].at)
        return True

    def _sampled(self) -> Policy:
        """The policy without the signals that the record knows nothing of."""
        states = self._states
        seen = tuple(s for s in self._policy.signals if s.name in states and states[s.name].book.tracks)
        return msgspec.structs.replace(self._policy, signals=seen or self._policy.signals)

    def _judge(self) -> list[Judgement]:
        views = {
            name: SignalView(state=state, problem=self._problems.get(name, ""))
            for name, state in self._states.items()
        }
        around = Surroundings(dependencies=tuple(self._dependencies.values()))
        assessment = assess(Scene(surroundings=around), (), views, self._sampled())
        found, self._onset = _judgement(assessment, self._now), assessment.onset
        last, self._last = self._last, found
        if found.decision is Decision.ROLLBACK:
            self._decided = True
        if last is not None and (last.verdict, last.decision, last.attribution) == (
            found.verdict,
            found.decision,
            found.attribution,
        ):
            return []
        return [found]


def _judgement(assessment: Assessment, at: float) -> Judgement:
    worst = max(assessment.signals, key=lambda s: (s.verdict, _least(s)), default=None)
    return Judgement(
        at=at,
        verdict=assessment.verdict,
        decision=_decision(assessment),
        signal=worst.name if worst is not None else "",
        reason=assessment.reason,
        e_value=_e_value(worst) if worst is not None else 1.0,
        attribution=assessment.attribution,
        attribution_reason=assessment.attribution_reason,
    )


def _decision(assessment: Assessment) -> Decision:
    match assessment.verdict:
        case Verdict.FAILING if assessment.attribution is Attribution.DEPLOYMENT:
            return Decision.ROLLBACK
        case Verdict.FAILING | Verdict.UNKNOWN:
            return Decision.HOLD
        case _:
            return Decision.PASS


def _least(signal: SignalEvidence) -> float:
    """log10 of the e-value that lags behind."""
    return min(signal.over_limit, signal.over_baseline) if signal.baseline_line else signal.over_limit


def _e_value(signal: SignalEvidence) -> float:
    least = _least(signal)
    return MOST_E if least >= math.log10(MOST_E) else 10.0**least


def _final(last: Judgement) -> Judgement:
    return Judgement(
        at=last.at,
        verdict=last.verdict,
        decision=last.decision,
        signal=last.signal,
        reason=last.reason,
        e_value=last.e_value,
        attribution=last.attribution,
        attribution_reason=last.attribution_reason,
        final=True,
    )
