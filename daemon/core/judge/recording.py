"""A rollout judged from a record of samples, by the same rules, fold, judge and attribution as a live one.

What a record does not tell is taken from its samples: a pod of the judged revision that is first seen after
the rollout began counts from zero, unless its birth is told; and the rollout is complete at the last moment
at which a pod of another revision still counted something.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from daemon.core.assessment import SignalEvidence
from daemon.core.attribution.cause import Dependency, Scene, Surroundings
from daemon.core.judge.detection import SignalView
from daemon.core.judge.judgement import Decision, Judgement, judgement_of
from daemon.core.judge.record_entries import (
    DependencyChanged,
    RecordEntry,
    RolloutStarted,
    Sampled,
    ScrapeFailed,
)
from daemon.core.judge.recorded_pods import RecordedPods
from daemon.core.judge.verdict import alpha_of, assess, judge_signal, starts_of
from daemon.core.policy import Policy
from daemon.core.rollout_facts.watch_rules import (
    end_of,
    is_over,
    stale_from,
    state_from,
    unusable,
)
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Start
from daemon.core.signals.state import SignalState, update

KEPT_BEFORE = 20_000
"""Samples of a signal that are kept while no rollout has begun; older ones are let go."""


class Recording:
    """One watch over recorded entries, which come in the order of time. Its memory is bounded.

    The samples of one time are judged together, once something later arrives: no order of the lines within a
    scrape can decide. Between two entries time alone may change what is to be said, as samples grow stale and
    the watch ends; that is judged at its own time.
    """

    def __init__(self, policy: Policy, starts: Sequence[Start] = ()) -> None:
        """``starts`` are those of the workload's earlier proven releases, the newest last."""
        self._policy = policy
        self._earlier = starts
        self._signals = {signal.name: signal for signal in policy.signals}
        self._before: dict[str, deque[Sample]] = {name: deque(maxlen=KEPT_BEFORE) for name in self._signals}
        self._pods = RecordedPods()
        self._rollout: RolloutStarted | None = None
        self._states: dict[str, SignalState] = {}
        self._since: dict[str, SignalState] = {}
        """The states after the decision."""
        self._heard = -math.inf
        """The newest entry's time."""
        self._failed: dict[str, str] = {}
        """Signal → why its last poll brought nothing."""
        self._named: set[str] = set()
        """Signals of which a failed poll was recorded by name."""
        self._dependencies: dict[str, Dependency] = {}
        self._pending: list[Sampled] = []
        self._complete_at = -math.inf
        self._now = -math.inf
        self._problems: Mapping[str, str] = {}
        """Those that were judged last."""
        self._last: Judgement | None = None
        self._onset: tuple[float, float] | None = None
        self._decided = False
        self._watched = False
        """Whether the watch went to its end."""

    @property
    def decided(self) -> bool:
        """Whether a rollback was decided or the watch is over; what comes then tells of the start alone."""
        return self._decided

    def take(self, entry: RecordEntry) -> list[Judgement]:
        """The changes of the verdict that this entry brings about."""
        said = self.pass_time(entry.at)
        self._heard = max(self._heard, entry.at)
        if self._decided:
            self._follow_on(entry)
            return said
        return said + self._enter(entry)

    def pass_time(self, to: float) -> list[Judgement]:
        """The changes of the verdict before ``to``, if nothing earlier is still to come."""
        if self._decided or not to > self._now:
            return []
        said = self._settle(to)
        if not self.decided and math.isfinite(to):
            self._now = to
        return said

    def _enter(self, entry: RecordEntry) -> list[Judgement]:
        said: list[Judgement] = []
        match entry:
            case Sampled():
                self._pending.append(entry)
            case RolloutStarted():
                said += self._flush()
                if not self.decided:
                    self._start(entry)
            case ScrapeFailed():
                said += self._flush()
                self._named.add(entry.signal)
                for name in [entry.signal] if entry.signal else list(self._signals):
                    self._failed[name] = "the last poll of the metrics failed"
                if self._rollout is not None and not self.decided:
                    said += self._judge()
            case DependencyChanged():
                known = self._dependencies.get(entry.name)
                if known is None or known.healthy is not entry.healthy:
                    self._dependencies[entry.name] = _dependency(entry)
        return said

    def close(self) -> Judgement | None:
        """The record's end: the last judgement, or ``None`` where no rollout was started."""
        if not self._decided:
            self._flush()
        if self._rollout is None:
            return None
        if self._last is None or not self._decided:
            self._judge()
        last = self._last
        assert last is not None
        self._decided = True
        return msgspec.structs.replace(last, final=True)

    @property
    def onset(self) -> tuple[float, float] | None:
        """When the failure began, where there is one (Unix seconds)."""
        return self._onset

    @property
    def silent(self) -> Mapping[str, float]:
        """The signals that have no sample of the new pods by now, each with the last time at which it had one
        or the rollout began."""
        if self._rollout is None:
            return {}
        heard = {name: self._newest(state) for name, state in self._states.items()}
        since = {name: self._rollout.at if at is None else at for name, at in heard.items()}
        return {
            name: at for name, at in since.items() if self._now >= stale_from(at, self._policy.stale_after)
        }

    def evidence(self) -> tuple[SignalEvidence, ...]:
        """The evidence so far, with its trail, of each signal that the record has."""
        return tuple(judge_signal(signal, self._view(signal.name)) for signal in self._sampled().signals)

    def starts(self) -> tuple[Start, ...]:
        """How the new pods started, where the whole watch was recorded and showed them to be well after that.

        Whatever was decided meanwhile: what the record goes on with was not rolled back.
        """
        if not self._watched and self._heard < self._complete_at + self._policy.watch:
            return ()
        states = {**self._states, **self._since}
        return starts_of([states[signal.name] for signal in self._sampled().signals if signal.name in states])

    # ------------------------------------------------------------ steps

    def _follow_on(self, entry: RecordEntry) -> None:
        """What comes after the decision changes no judgement, and tells how the pods' start ended."""
        over = entry.at > self._complete_at + self._policy.watch
        if over or not isinstance(entry, Sampled) or entry.signal not in self._states:
            return
        self._pods.meet(entry)
        state = self._since.get(entry.signal, self._states[entry.signal])
        self._since[entry.signal] = update(state, [entry.sample], self._pods.born, self._pods.side)

    def _settle(self, later: float) -> list[Judgement]:
        """Judge what was scraped before ``later``, and what time changes until then."""
        said = self._flush()
        while self._rollout is not None and not self._decided:
            if is_over(self._now - self._complete_at, self._policy, 0.0):
                said += self._judge()
                self._decided = self._watched = True
            elif (moment := self._next_change()) < later:
                self._now = max(self._now, moment)
                said += self._judge()
            else:
                break
        return said

    def _next_change(self) -> float:
        """The next moment at which time alone changes what is to be said."""
        newest = [at for state in self._states.values() if (at := self._newest(state)) is not None]
        stale = [stale_from(at, self._policy.stale_after) for at in newest]
        return min([end_of(self._complete_at, self._policy), *(at for at in stale if at > self._now)])

    def _newest(self, state: SignalState) -> float | None:
        return state.book.newest_at(self._pods.is_new)

    def _start(self, rollout: RolloutStarted) -> None:
        self._rollout = rollout
        self._pods.begin(rollout)
        self._complete_at = rollout.at
        self._last = None
        alpha, window = alpha_of(self._policy), self._policy.baseline_window
        for name, signal in self._signals.items():
            history = self._before[name]
            self._states[name] = state_from(
                signal,
                alpha,
                rollout.at,
                window,
                history,
                self._pods.born,
                self._pods.side,
                starts=self._earlier,
            )
            history.clear()

    def _flush(self) -> list[Judgement]:
        """Judge what was scraped at this moment, where it is news or a signal's problem changed."""
        news = self._taken_in()
        if self._rollout is None:
            return []
        return self._judge() if news or self._found_problems() != self._problems else []

    def _taken_in(self) -> bool:
        """Whether what is pending was news."""
        pending, self._pending = self._pending, []
        by_signal: dict[str, list[Sample]] = {}
        for line in pending:
            if line.signal in self._signals:
                self._pods.meet(line)
                by_signal.setdefault(line.signal, []).append(line.sample)
        for name in by_signal:
            self._failed.pop(name, None)
        if self._rollout is None:
            for name, samples in by_signal.items():
                self._before[name].extend(samples)
            return False
        followed = [self._follow(name, samples) for name, samples in by_signal.items()]
        return any(followed)

    def _follow(self, name: str, samples: list[Sample]) -> bool:
        """Whether these samples were news."""
        before = self._states[name]
        after = update(before, samples, self._pods.born, self._pods.side)
        if after is before:
            return False
        self._states[name] = after
        for sample in samples:
            known, track = before.book.tracks.get(sample.pod), after.book.tracks[sample.pod]
            if track.tally.total > (known.tally.total if known else 0.0) and not self._pods.is_new(
                sample.pod
            ):
                self._complete_at = max(self._complete_at, track.newest.at)
        return True

    def _sampled(self) -> Policy:
        """The policy without the signals that the record knows nothing of."""
        seen = self._named | {name for name, state in self._states.items() if state.book.tracks}
        known = tuple(signal for signal in self._policy.signals if signal.name in seen)
        return msgspec.structs.replace(self._policy, signals=known or self._policy.signals)

    def _found_problems(self) -> dict[str, str]:
        """Signal → why it says nothing now; empty where it does."""
        return {name: self._failed.get(name) or self._unusable(state) for name, state in self._states.items()}

    def _unusable(self, state: SignalState) -> str:
        none = "the record has no samples of the new pods"
        return unusable(state.book, self._pods.is_new, self._now, self._policy.stale_after, none=none)

    def _view(self, name: str) -> SignalView:
        return SignalView(
            state=self._states.get(name), problem=self._problems.get(name) or self._failed.get(name, "")
        )

    def _judge(self) -> list[Judgement]:
        self._problems = self._found_problems()
        views = {name: self._view(name) for name in self._states}
        around = Surroundings(dependencies=tuple(self._dependencies.values()))
        assessment = assess(Scene(surroundings=around), (), views, self._sampled())
        found, self._onset = judgement_of(assessment, self._now), assessment.onset
        last, self._last = self._last, found
        if found.decision is Decision.ROLLBACK:
            self._decided = True
        return [] if last is not None and found.says_the_same_as(last) else [found]


def _dependency(entry: DependencyChanged) -> Dependency:
    return Dependency(name=entry.name, healthy=entry.healthy, since=entry.at, confirmed=entry.confirmed)
