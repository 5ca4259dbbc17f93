"""Many recorded cases at once, each judged by itself, as their entries come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from daemon.core.assessment import Attribution, SignalEvidence, Verdict
from daemon.core.judge.judgement import Decision, Judgement
from daemon.core.judge.record_entries import RecordEntry, RolloutStarted
from daemon.core.judge.recording import Recording
from daemon.core.policy import Policy

NO_ROLLOUT = (
    "no rollout was started: without a line with the event rollout-started there is nothing to judge,"
    " and every sample is baseline"
)


class SecondRollout(Exception):
    """A case is one rollout; why this other one cannot be judged as a part of it."""


class Ended(NamedTuple):
    """A case that is over, with what its picture shows. Times in Unix seconds."""

    case: str
    started_at: float
    last: Judgement
    evidence: tuple[SignalEvidence, ...]
    onset: tuple[float, float] | None


class _Open:
    """A case that is not decided."""

    __slots__ = ("newest", "recording", "revision", "started_at")

    def __init__(self, policy: Policy) -> None:
        self.recording = Recording(policy)
        self.started_at: float | None = None
        self.revision = ""
        self.newest = 0.0


class RecordedCases:
    """Takes entries of any number of interleaved cases. A decided case leaves nothing but its name.

    ``keep`` is how many of the cases, in the order in which their rollouts began, leave their evidence too.
    """

    def __init__(self, policy: Policy, *, keep: int = 0) -> None:
        self._policy = policy
        self._keep = keep
        self._open: dict[str, _Open] = {}
        self._over: set[str] = set()
        self._kept: dict[str, Ended | None] = {}
        self._unjudged: set[str] = set()
        self.rollouts = 0
        """Of how many cases the rollout began."""

    def take(self, case: str, entry: RecordEntry) -> Sequence[Judgement]:
        """What changes by it. The last judgement of a case is marked as final; later entries are ignored.

        Raises SecondRollout, and stays as it was.
        """
        found = self._open.get(case)
        if found is None:
            if case in self._over:
                return _too_late(entry)
            found = self._open[case] = _Open(self._policy)
        found.newest = max(found.newest, entry.at)
        if isinstance(entry, RolloutStarted) and not self._begins(case, found, entry):
            return ()
        told = found.recording.take(entry)
        return [*told, *self._end(case, found)] if found.recording.decided else told

    def close(self) -> Iterator[tuple[str, Judgement]]:
        """The last judgement of each case that is still open, in the order in which they began."""
        for case, found in list(self._open.items()):
            for last in self._end(case, found):
                yield case, last

    def without_rollout(self, case: str) -> bool:
        """Whether the case ended, and no rollout was ever started in it."""
        return case in self._unjudged

    @property
    def cases(self) -> int:
        return len(self._open) + len(self._over)

    @property
    def ended(self) -> tuple[Ended, ...]:
        """The kept cases that are over."""
        return tuple(ended for ended in self._kept.values() if ended is not None)

    def _begins(self, case: str, found: _Open, entry: RolloutStarted) -> bool:
        """Whether this is the case's rollout, and not the same told again."""
        if found.started_at is not None:
            if found.revision != entry.revision:
                raise SecondRollout(f"the case is about the rollout of {found.revision} already")
            return False
        found.started_at, found.revision = entry.at, entry.revision
        self.rollouts += 1
        if len(self._kept) < self._keep:
            self._kept[case] = None
        return True

    def _end(self, case: str, found: _Open) -> Sequence[Judgement]:
        del self._open[case]
        self._over.add(case)
        last = found.recording.close()
        if last is None:
            self._unjudged.add(case)
            last = _unjudged(found.newest)
        if case in self._kept and found.started_at is not None:
            recording = found.recording
            self._kept[case] = Ended(case, found.started_at, last, recording.evidence(), recording.onset)
        return (last,)


def _too_late(entry: RecordEntry) -> Sequence[Judgement]:
    if isinstance(entry, RolloutStarted):
        raise SecondRollout("the case is over, and this rollout would not be judged")
    return ()


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
