"""Many recorded cases at once, each judged by itself, as their entries come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from daemon.core.assessment import Attribution, SignalEvidence, Verdict
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.record_entries import RecordEntry, RolloutStarted, Sampled
from daemon.core.judge.recording import Recording
from daemon.core.policy import Policy
from daemon.core.signals.startup import Start

NO_ROLLOUT = (
    "no rollout was started: without a line with the event rollout-started there is nothing to judge,"
    " and every sample is baseline"
)


KEPT_SAMPLES = 20_000
"""Of a case since its rollout began: the time before the next rollout of the same workload."""


class RolloutOutOfOrder(Exception):
    """A case is one workload, its rollouts one after the other; why this one cannot follow the last."""


class Ended(NamedTuple):
    """A case that is over, with what its picture shows. Times in Unix seconds."""

    case: str
    started_at: float
    last: Judgement
    evidence: tuple[SignalEvidence, ...]
    onset: tuple[float, float] | None


class _Case:
    """One workload: its newest rollout, and what the earlier ones tell."""

    __slots__ = ("_policy", "_since", "_starts", "ended", "newest", "recording", "revision", "started_at")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._starts: list[Start] = []
        self._since: deque[Sampled] = deque(maxlen=KEPT_SAMPLES)
        self.recording = Recording(policy)
        self.started_at: float | None = None
        self.revision = ""
        self.newest = 0.0
        self.ended = False

    def take(self, entry: RecordEntry) -> Sequence[Judgement]:
        self.newest = max(self.newest, entry.at)
        if isinstance(entry, Sampled) and self.started_at is not None:
            self._since.append(entry)
        return self.recording.take(entry)

    def go_on(self) -> None:
        """The next rollout follows: the last one is a predecessor, and its samples are the time before."""
        self._starts += self.recording.starts()
        self.recording, self.ended = Recording(self._policy, tuple(self._starts)), False
        for sampled in self._since:
            self.recording.take(sampled)
        self._since.clear()


class RecordedCases:
    """Takes entries of any number of interleaved cases. What comes after a decision is passed over, until the
    next rollout of the case begins.

    ``keep`` is how many of the cases, in the order in which their rollouts began, leave their evidence too.
    """

    def __init__(self, policy: Policy, *, keep: int = 0) -> None:
        self._policy = policy
        self._keep = keep
        self._cases: dict[str, _Case] = {}
        self._kept: dict[str, Ended | None] = {}
        self._unjudged: set[str] = set()
        self.rollouts = 0
        """Of how many cases the rollout began."""

    def take(self, case: str, entry: RecordEntry) -> Sequence[Judgement]:
        """What changes by it. The last judgement of a case is marked as final; later entries are ignored.

        Raises RolloutOutOfOrder, and stays as it was.
        """
        found = self._cases.get(case)
        if found is None:
            found = self._cases[case] = _Case(self._policy)
        told: list[Judgement] = []
        if isinstance(entry, RolloutStarted):
            if found.revision == entry.revision:
                return ()
            told += self._follows(case, found, entry)
            self._begin(case, found, entry)
        told += found.take(entry)
        if found.recording.decided and not found.ended:
            told += self._end(case, found)
        return told

    def close(self) -> Iterator[tuple[str, Judgement]]:
        """The last judgement of each case that is still open, in the order in which they began."""
        for case, found in self._cases.items():
            if not found.ended:
                for last in self._end(case, found):
                    yield case, last

    def without_rollout(self, case: str) -> bool:
        """Whether the case ended, and no rollout was ever started in it."""
        return case in self._unjudged

    @property
    def cases(self) -> int:
        return len(self._cases)

    @property
    def ended(self) -> tuple[Ended, ...]:
        """The kept cases that are over."""
        return tuple(ended for ended in self._kept.values() if ended is not None)

    def _follows(self, case: str, found: _Case, entry: RolloutStarted) -> Sequence[Judgement]:
        """The end of the case's rollout before this one, where there was one."""
        if found.started_at is None:
            return ()
        if entry.at < found.newest:
            raise RolloutOutOfOrder(
                f"the rollout of {entry.revision} is told after what came later, that of {found.revision}"
            )
        told = () if found.ended else self._end(case, found)
        found.go_on()
        return told

    def _begin(self, case: str, found: _Case, entry: RolloutStarted) -> None:
        if found.started_at is None:
            self.rollouts += 1
            if len(self._kept) < self._keep:
                self._kept[case] = None
        found.started_at, found.revision = entry.at, entry.revision

    def _end(self, case: str, found: _Case) -> Sequence[Judgement]:
        found.ended = True
        last = found.recording.close()
        if last is None:
            self._unjudged.add(case)
            last = _unjudged(found.newest)
        if case in self._kept and found.started_at is not None:
            recording = found.recording
            self._kept[case] = Ended(case, found.started_at, last, recording.evidence(), recording.onset)
        return (last,)


def _unjudged(at: float) -> Judgement:
    return Judgement(
        at=at,
        verdict=Verdict.UNKNOWN,
        decision=Decision.HOLD,
        signal="",
        reason=NO_ROLLOUT,
        e_value=1.0,
        attribution=Attribution.UNDECIDED,
        attribution_reason="",
        final=True,
    )
